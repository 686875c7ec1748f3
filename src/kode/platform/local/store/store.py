"""The store: what the API server would hold, in one SQLite file.

Rule: what is acknowledged is on the disk, and every write is one transaction; a write of spec and
metadata leaves status as it is, a write of status leaves the rest.

It checks no document (kode.platform.local.admission.admit does); it knows who stands where, of
which version, and what goes with a Kode. Several processes have it open at once: the daemon and
every command. Its calls wait for the disk, so in an event loop they belong into a thread.
"""

import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.errors import Conflict, RefNotFound
from kode.platform.local.store import change_log, events, garbage, objects
from kode.platform.local.store.change_log import ChangeBatch
from kode.platform.local.store.database import Database, damage_error
from kode.platform.local.store.objects import Document, Key, StoredObject, dumps
from kode.platform.port import Event, ObjectList

Edit = Callable[[StoredObject | None], StoredObject]
"""Given what stands there (None for nothing), returns what shall; it may raise to write nothing."""


class LocalStore:
    """The documents of the local platform."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Open the store at a path, making it where there is none.

        Args:
            path: the file; its folder becomes the user's own.
            clock: seconds since the epoch.

        Raises:
            PlatformError: it cannot be used; the message says what to do.
        """
        self.path = path
        self._clock = clock
        self._database = Database(path)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    # Reading

    def find(self, kind: str, name: str, namespace: str = "") -> Document | None:
        """Return an object; None where there is none."""
        with self._database.read() as database:
            entry = self._entry(database, Key(kind, namespace, name))
        return entry.document if entry else None

    def get(self, kind: str, name: str, namespace: str = "") -> Document:
        """Return an object.

        Raises:
            RefNotFound: there is none.
        """
        document = self.find(kind, name, namespace)
        if document is None:
            raise not_found(Key(kind, namespace, name))
        return document

    def list(self, kind: str, namespace: str | None = None) -> ObjectList:
        """Return the objects of a kind, sorted by namespace and name; None for all namespaces."""
        query = "SELECT body FROM objects WHERE kind = ?"
        values = [kind]
        if namespace is not None:
            query += " AND namespace = ?"
            values.append(namespace)
        with self._database.read() as database:
            rows = database.execute(f"{query} ORDER BY namespace, name", values).fetchall()
            version = change_log.version(database)
        return ObjectList(tuple(self._load(body) for (body,) in rows), str(version))

    def changes(
        self, since: str, kinds: Collection[str] = (), namespace: str | None = None
    ) -> ChangeBatch:
        """Return the changes after a version, some at a time.

        Raises:
            Expired: not all of them are known any more.
        """
        with self._database.read() as database:
            return change_log.read_since(database, since, kinds, namespace)

    def version(self) -> str:
        """Return the version of the whole store: a watch from here gives what is still to come."""
        with self._database.read() as database:
            return str(change_log.version(database))

    # Writing

    def create(self, document: Object) -> Document:
        """Make an object; return it as it stands.

        Raises:
            Conflict: there is one of that name (reason AlreadyExists).
            RefNotFound: it names a Kode as its owner that is not there.
        """
        key = Key.of(document)

        def make(live: StoredObject | None) -> StoredObject:
            if live is not None:
                going = "; it is being deleted" if live.is_terminating else ""
                raise Conflict(Reason.ALREADY_EXISTS, f"{key} already exists{going}")
            return StoredObject(dict(document))

        return self.edit(key, make)

    def replace(self, document: Object) -> Document:
        """Replace an object of the version that its metadata names; its status stays.

        Raises:
            RefNotFound: there is none.
            Conflict: it has changed since (reason Outdated).
        """
        key = Key.of(document)

        def change(live: StoredObject | None) -> StoredObject:
            if live is None:
                raise not_found(key)
            check_version(live, document)
            return replace(live, document=with_status_of(live.document, document))

        return self.edit(key, change)

    def write_status(
        self,
        document: Object,
        status: Mapping[str, Any],
        still: Callable[[], bool] = lambda: True,
    ) -> Document:
        """Set the status of an object; return it as it stands.

        Args:
            document: the object as it was read: its uid must still be the same.
            status: the whole status.
            still: asked within the transaction whether it is to be written.

        Raises:
            RefNotFound: it is gone, or another object has its name.
        """
        key = Key.of(document)

        def change(live: StoredObject | None) -> StoredObject:
            if live is None or live.uid != document["metadata"]["uid"]:
                raise not_found(key)
            return _with_status(live, status) if still() else live

        return self.edit(key, change)

    def edit_statuses(self, kind: str, change: Callable[[Object], Mapping[str, Any]]) -> str:
        """Set the status of every object of a kind, in one transaction.

        Args:
            kind: the kind.
            change: given an object, returns its whole status; empty for none.

        Returns:
            The version of the store in which all of them stand so.
        """
        query = "SELECT body, applied FROM objects WHERE kind = ? ORDER BY namespace, name"
        with self._database.write() as database:
            for row in database.execute(query, (kind,)).fetchall():
                live = self._load_object(row)
                made = _with_status(live, change(live.document))
                if made.document != live.document:
                    self._put(database, Key.of(live.document), made, live)
            return str(change_log.version(database))

    def edit(self, key: Key, change: Edit) -> Document:
        """Make an object be what a function returns of it, in one transaction.

        Where that is what stands there already, nothing is written.

        Args:
            key: the object.
            change: the function; what it raises comes out of here, and nothing was written.
        """
        with self._database.write() as database:
            live = self._entry(database, key)
            wanted = change(live)
            if live is None:
                made = objects.new_object(wanted, uid=str(uuid.uuid4()), now=self._now())
                garbage.check_owner(database, made.document)
                if key.kind == "Kode":
                    events.begin(database, key)
                return self._put(database, key, made).document
            made = objects.update(live, wanted)
            if made.is_deleted:
                self._remove(database, made)
            elif made.document != live.document:
                made = self._put(database, key, made, live)
            elif made.applied != live.applied:
                self._write(database, key, made)
            return made.document

    def delete(
        self, kind: str, name: str, namespace: str = "", *, purge: bool = False, uid: str = ""
    ) -> None:
        """Delete an object, and with a Kode what is its own.

        A claim only begins to go: it has a deletionTimestamp until whoever deletes its files calls
        `finalize_claim`. So files are forgotten by nobody, whenever anything is killed.

        Args:
            kind: its kind.
            name: its name.
            namespace: its namespace.
            purge: for a Kode: its claim goes as well, whatever keepVolume says.
            uid: what it must be; empty for whatever stands there.

        Raises:
            RefNotFound: there is none.
        """
        key = Key(kind, namespace, name)
        with self._database.write() as database:
            live = self._entry(database, key)
            if live is None or uid not in {"", live.uid}:
                raise not_found(key)
            if kind == "Kode" and not live.is_terminating:
                live = objects.with_purge(live, purge=purge)
            self._end(database, key, live)

    def finalize_claim(self, claim: Object) -> None:
        """Take note that the files of a claim that is going are deleted: the claim is gone.

        Args:
            claim: the claim as it was read.

        Raises:
            RefNotFound: it is gone already, or is another one.
        """
        key = Key.of(claim)

        def change(live: StoredObject | None) -> StoredObject:
            if live is None or live.uid != claim["metadata"]["uid"] or not live.is_terminating:
                raise not_found(key)
            held = live.document["metadata"].get("finalizers") or []
            rest = [item for item in held if item != objects.VOLUME_FINALIZER]
            metadata = {**live.document["metadata"], "finalizers": rest}
            return replace(live, document={**live.document, "metadata": metadata})

        self.edit(key, change)

    # Events

    def record(self, event: Event) -> None:
        """Write down what happened; what happened before is counted up and comes last again."""
        with self._database.write() as database:
            events.record(database, event)

    def events(self, namespace: str | None, name: str | None = None) -> tuple[Event, ...]:
        """Return what happened, the oldest first; None for all namespaces, for all Kodes."""
        with self._database.read() as database:
            return events.read(database, namespace, name)

    def problems(self) -> tuple[str, ...]:
        """Return what is wrong with the file; empty where nothing is."""
        return self._database.problems()

    # Within a transaction

    def _entry(self, database: sqlite3.Connection, key: Key) -> StoredObject | None:
        row = database.execute(
            "SELECT body, applied FROM objects WHERE kind = ? AND namespace = ? AND name = ?",
            (key.kind, key.namespace, key.name),
        ).fetchone()
        return None if row is None else self._load_object(row)

    def _load_object(self, row: tuple[str, str | None]) -> StoredObject:
        body, applied = row
        return StoredObject(self._load(body), None if applied is None else self._load(applied))

    def _load(self, text: str) -> Document:
        try:
            document = json.loads(text)
        except ValueError as error:
            raise damage_error(self.path, f"a document cannot be read: {error}") from error
        if not isinstance(document, dict):
            raise damage_error(self.path, "a document is not an object")
        return document

    def _put(
        self,
        database: sqlite3.Connection,
        key: Key,
        made: StoredObject,
        live: StoredObject | None = None,
    ) -> StoredObject:
        made = objects.with_version(made, change_log.next_version(database))
        self._write(database, key, made)
        change_log.append(database, "MODIFIED" if live else "ADDED", made, self._clock())
        if live and _has_password(live) and not _has_password(made):
            change_log.redact(database, made.uid)
        return made

    def _write(self, database: sqlite3.Connection, key: Key, made: StoredObject) -> None:
        applied = None if made.applied is None else dumps(made.applied)
        database.execute(
            "INSERT INTO objects (kind, namespace, name, uid, applied, body) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, namespace, name) DO UPDATE SET "
            "applied = excluded.applied, body = excluded.body",
            (key.kind, key.namespace, key.name, made.uid, applied, dumps(made.document)),
        )

    def _end(self, database: sqlite3.Connection, key: Key, live: StoredObject) -> None:
        if not live.document["metadata"].get("finalizers"):
            self._remove(database, live)
        elif not live.is_terminating:
            self._put(database, key, objects.mark_deleted(live, self._now()), live)

    def _remove(self, database: sqlite3.Connection, live: StoredObject) -> None:
        gone = objects.with_version(live, change_log.next_version(database))
        database.execute("DELETE FROM objects WHERE uid = ?", (live.uid,))
        change_log.append(database, "DELETED", gone, self._clock())
        if _has_password(live):
            change_log.redact(database, live.uid)
        if live.document["kind"] == "Kode":
            self._delete_children(database, live)
            events.forget_gone(database, self._day_ago())

    def _delete_children(self, database: sqlite3.Connection, kode: StoredObject) -> None:
        place = kode.document["metadata"]["namespace"]
        rows = database.execute(
            "SELECT body, applied FROM objects WHERE namespace = ? AND kind IN (?, ?)",
            (place, objects.SECRET, objects.CLAIM),
        ).fetchall()
        for row in rows:
            child = self._load_object(row)
            key = Key.of(child.document)
            match garbage.disposition(child.document, kode.document):
                case garbage.Disposition.DELETE:
                    self._end(database, key, child)
                case garbage.Disposition.RETAIN:
                    mark_retained = replace(
                        child, document=garbage.mark_retained(child.document, kode.document)
                    )
                    self._put(database, key, objects.update(child, mark_retained), child)
                case garbage.Disposition.IGNORE:
                    pass

    def _now(self) -> str:
        return _stamp(self._clock())

    def _day_ago(self) -> str:
        return _stamp(self._clock() - 24 * 3600)


def not_found(key: Key) -> RefNotFound:
    """Return the error for an object that is not there."""
    return RefNotFound(Reason.NOT_FOUND, f"{key} does not exist")


def check_version(live: StoredObject, document: Object) -> None:
    """Refuse a write of another version than the one that stands there.

    Raises:
        Conflict: with reason Outdated.
    """
    metadata = document["metadata"]
    if metadata.get("uid", live.uid) != live.uid or metadata.get("resourceVersion") != live.version:
        raise Conflict(
            Reason.OUTDATED,
            f"{Key.of(document)} was modified since it was read; get it again and retry",
        )


def with_status_of(live: Object, document: Object) -> Document:
    """Return a document with the status of the object that it is to replace."""
    rest = {key: value for key, value in document.items() if key != "status"}
    return {**rest, "status": live["status"]} if "status" in live else rest


def _with_status(live: StoredObject, status: Mapping[str, Any]) -> StoredObject:
    rest = {key: value for key, value in live.document.items() if key != "status"}
    return replace(live, document={**rest, "status": dict(status)} if status else rest)


def _has_password(entry: StoredObject) -> bool:
    return entry.document["kind"] == "Kode" and "password" in entry.document.get("spec", {})


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
