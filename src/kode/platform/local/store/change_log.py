"""The changes of the store, from which watches are fed.

Rule: a change is written in the transaction that makes it, so a watch that goes on from a version
misses nothing; what is too long ago is forgotten, and who asks for it is told so.
"""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from kode.api.conditions import Reason
from kode.errors import Expired, PlatformError
from kode.platform.local.store.objects import Document, StoredObject, dumps
from kode.platform.port import WatchEvent

Type = Literal["ADDED", "MODIFIED", "DELETED"]

_MAX_CHANGES = 5_000
_MAX_AGE = 3600.0
_MAX_BYTES = 64 * 2**20
_BATCH = 64
"""Versions between two looks at what can be forgotten."""


@dataclass(frozen=True)
class ChangeBatch:
    """Some of the changes after a version.

    Attributes:
        changes: in the order in which they happened.
        version: from where to go on; also past changes that were not asked for.
        complete: whether nothing is left to read.
    """

    changes: tuple[WatchEvent, ...]
    version: str
    complete: bool


def version(database: sqlite3.Connection) -> int:
    """Return the version of the whole store."""
    (number,) = database.execute("SELECT version FROM counter").fetchone()
    return int(number)


def next_version(database: sqlite3.Connection) -> int:
    """Count a change; return its version."""
    database.execute("UPDATE counter SET version = version + 1")
    return version(database)


def append(database: sqlite3.Connection, what: Type, entry: StoredObject, now: float) -> None:
    """Write down a change that has its version already."""
    document = entry.document
    metadata = document["metadata"]
    body = dumps(document)
    number = int(entry.version)
    database.execute(
        "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            now,
            len(body),
            document["kind"],
            metadata.get("namespace", ""),
            metadata["uid"],
            what,
            body,
        ),
    )
    if number % _BATCH == 0:
        compact(database, now)


def read_since(
    database: sqlite3.Connection, since: str, kinds: Collection[str], namespace: str | None
) -> ChangeBatch:
    """Return the changes after a version, at most some hundred of them.

    Args:
        database: the store.
        since: the version.
        kinds: of these kinds; all where it is empty.
        namespace: of this namespace; None for all.

    Raises:
        Expired: not all of them are known any more.
    """
    number = _number(since)
    (newest, forgotten) = database.execute("SELECT version, forgotten FROM counter").fetchone()
    # A version of the future is one of a store that was since put back from a copy.
    if not forgotten <= number <= newest:
        raise Expired(
            Reason.EXPIRED, f"changes since version {since} are no longer available: list again"
        )
    rows = database.execute(
        "SELECT version, kind, namespace, type, body FROM changes WHERE version > ? "
        "ORDER BY version LIMIT ?",
        (number, _BATCH),
    ).fetchall()
    events = tuple(
        WatchEvent(what, json.loads(body))
        for _, kind, place, what, body in rows
        if (not kinds or kind in kinds) and namespace in {None, place}
    )
    complete = len(rows) < _BATCH
    return ChangeBatch(events, str(newest if complete else rows[-1][0]), complete)


def redact(database: sqlite3.Connection, uid: str) -> None:
    """Take the password of a Kode out of what is remembered of it."""
    rows = database.execute("SELECT version, body FROM changes WHERE uid = ?", (uid,)).fetchall()
    for number, body in rows:
        document: Document = json.loads(body)
        if document.get("spec", {}).pop("password", None) is not None:
            database.execute(
                "UPDATE changes SET body = ? WHERE version = ?", (dumps(document), number)
            )


def compact(database: sqlite3.Connection, now: float) -> None:
    """Forget what is too long ago: by number, by age or by size."""
    kept = size = 0
    rows = database.execute("SELECT version, time, size FROM changes ORDER BY version DESC")
    for number, time, length in rows.fetchall():
        kept, size = kept + 1, size + length
        if kept > _MAX_CHANGES or size > _MAX_BYTES or now - time > _MAX_AGE:
            database.execute("DELETE FROM changes WHERE version <= ?", (number,))
            database.execute("UPDATE counter SET forgotten = ?", (number,))
            return


def _number(since: str) -> int:
    if not since.isascii() or not since.isdecimal() or len(since) > len(str(2**63)) - 1:
        raise PlatformError(Reason.PLATFORM_ERROR, f"invalid resourceVersion {since!r}")
    return int(since)
