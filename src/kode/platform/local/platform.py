"""One machine as a platform: the port over the store.

Rule: nothing is remembered here and nobody is asked: what a verb writes is in the store, and the
daemon follows the store. So all of it but what needs a running editor works while nothing runs; a
status is given only as far as whoever wrote it still stands for it.

The store waits for the disk, so each of its calls is made in a thread.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.document import KINDS, parse
from kode.api.kode import Kode
from kode.api.meta import Object
from kode.api.spelling import kind_hint
from kode.desired import homes
from kode.errors import Conflict, InvalidSpec, NotReady
from kode.evaluate import standing
from kode.evaluate.standing import Status
from kode.platform.local.admission import admit, core_kinds, merge, schemas
from kode.platform.local.exec import load_context, run
from kode.platform.local.paths import Paths
from kode.platform.local.reconcile import credentials
from kode.platform.local.reconcile.gather import gather
from kode.platform.local.runtime import volume_files
from kode.platform.local.status.daemon_info import find_daemon
from kode.platform.local.status.statuses import timestamp, with_credible_status
from kode.platform.local.status.watch import watch_kodes
from kode.platform.local.store.objects import STORED, Document, Key, StoredObject
from kode.platform.local.store.store import LocalStore, check_version, not_found, with_status_of
from kode.platform.local.store.watch import follow
from kode.platform.local.supervisor import log_reader
from kode.platform.port import (
    ApplyResult,
    Endpoint,
    Event,
    ExecOptions,
    LogQuery,
    ObjectList,
    WatchEvent,
)

_KODE = "Kode"
_DOOR = "door"


class LocalPlatform:
    """Kodes on this machine."""

    def __init__(self, paths: Paths) -> None:
        """Take the local platform at some paths; nothing is opened yet."""
        self._paths = paths
        self._store: LocalStore | None = None

    @property
    def display_name(self) -> str:
        """What a user is told."""
        return "this machine"

    @property
    def namespace(self) -> str:
        """The namespace of documents and commands that name none."""
        return names.DEFAULT_NAMESPACE

    async def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Return one object."""
        key = _key(kind, name, namespace)
        return await self._call(self._open_store().get, kind, name, key.namespace)

    async def list(self, kind: str, namespace: str | None = None) -> ObjectList:
        """Return the objects of a kind, sorted by namespace and name; None for all namespaces."""
        _check_kind(kind)
        listing = await asyncio.to_thread(self._open_store().list, kind, namespace or None)
        return ObjectList(tuple(self._credible(*listing.items)), listing.version)

    async def watch(
        self, kind: str, since: str, namespace: str | None = None
    ) -> AsyncGenerator[WatchEvent, None]:
        """Give the changes after a version, for ever; `Expired` where that is too long ago."""
        _check_kind(kind)
        changes = follow(self._open_store(), since, (kind,), namespace or None)
        if kind == _KODE:
            changes = watch_kodes(
                changes, partial(find_daemon, self._paths), partial(self._kodes, namespace)
            )
        async with aclosing(changes):
            async for change in changes:
                yield change

    async def create(self, document: Object) -> Object:
        """Make an object; return it as it stands."""
        placed, _ = admit.normalize(document)
        if placed["metadata"].get("resourceVersion"):
            raise InvalidSpec(
                Reason.INVALID_SPEC, "metadata.resourceVersion: must not be set on a new object"
            )
        made = admit.admit(placed, None)
        return await self._call(self._open_store().create, made)

    async def replace(self, document: Object) -> Object:
        """Replace an object of the version that its metadata names; status is left as it is."""
        placed, _ = admit.normalize(document)
        key = Key.of(placed)

        def change(live: StoredObject | None) -> StoredObject:
            if live is None:
                raise not_found(key)
            if not placed["metadata"].get("resourceVersion"):
                raise InvalidSpec(
                    Reason.INVALID_SPEC,
                    "metadata.resourceVersion: required: replace what was read, or apply",
                )
            check_version(live, placed)
            return _replace_entry(live, admit.admit(placed, live.document))

        return await self._call(self._open_store().edit, key, change)

    async def apply(self, document: Object) -> ApplyResult:
        """Make an object be as a document says; what others have set besides is left alone."""
        if admit.is_namespace(document):
            return ApplyResult(admit.namespace(document), "unchanged")
        placed, warnings = admit.normalize(document)
        key = Key.of(placed)
        seen: list[StoredObject | None] = []

        def change(live: StoredObject | None) -> StoredObject:
            seen[:] = [live]
            return _apply_entry(live, placed)

        result = await self._call(self._open_store().edit, key, change)
        before = seen[0]
        if before is None:
            return ApplyResult(result, "created", warnings)
        same = before.version == result["metadata"]["resourceVersion"]
        return ApplyResult(result, "unchanged" if same else "configured", warnings)

    async def delete(
        self, kind: str, name: str, namespace: str = "", *, purge: bool = False
    ) -> None:
        """Delete an object, and with purge the files of a Kode."""
        key = _key(kind, name, namespace)
        await asyncio.to_thread(self._open_store().delete, kind, name, key.namespace, purge=purge)

    async def suspend(self, name: str, namespace: str, *, suspended: bool) -> Object:
        """Stop a Kode, keeping its files, or start it; return it."""

        def change(live: Document) -> Document:
            return {**live, "spec": {**live["spec"], "suspend": suspended}}

        return await self._update(name, namespace, change)

    async def restart(self, name: str, namespace: str) -> Object:
        """Have a Kode started again, taking any pending update; return it."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")

        def tell(status: Status) -> Status:
            # In the same write, so that nobody takes what was told before it for what came of it.
            return standing.restarting(status, timestamp()) if find_daemon(self._paths) else status

        return await self._annotate(name, namespace, {labels.RESTARTED_AT: now}, tell)

    async def renew_home(self, name: str, namespace: str) -> Object:
        """Have a new, empty home made for a Kode in the place of one that is gone; return it."""
        kode = await self.get(_KODE, name, namespace)
        seen = await asyncio.to_thread(gather, self._open_store(), Key.of(kode))
        if seen is None or seen.claim is None:
            return await self._annotate(name, namespace, {labels.NEW_HOME: homes.gone(kode)})
        metadata = seen.claim["metadata"]
        folder = self._paths.volume(metadata["namespace"], metadata["name"])
        await asyncio.to_thread(volume_files.make, folder)
        # The claim is there still; a look at its folder is all that is needed.
        return await self.restart(name, namespace)

    async def logs(self, name: str, namespace: str, query: LogQuery) -> AsyncGenerator[str, None]:
        """Yield the lines of a Kode's log, without their ends; the gateway's are of all Kodes."""
        kode = await self.get(_KODE, name, namespace)
        instance = _DOOR if query.source == "sidecar" else _instance(kode)
        path = self._paths.log(instance)
        if not query.follow and not path.exists():
            raise NotReady(
                Reason.STARTING,
                f"{Key.of(kode)} has not run yet: `kode describe {name}` says what it waits for",
            )
        lines = log_reader.read(path, follow=query.follow, tail=query.tail)
        try:
            async for line in lines:
                yield line
        finally:
            await lines.aclose()

    async def events(self, namespace: str | None, name: str | None = None) -> tuple[Event, ...]:
        """Return what happened, the oldest first."""
        return await asyncio.to_thread(self._open_store().events, namespace or None, name)

    async def exec(self, name: str, namespace: str, command: ExecOptions) -> int:
        """Run a command where a Kode runs, with this process's input and output."""
        kode = await self.get(_KODE, name, namespace)
        if command.root:
            text = "--root: not supported on the local platform, where a Kode runs as you"
            raise InvalidSpec(Reason.INVALID_SPEC, text)
        if kode["spec"].get("suspend"):
            text = f"{Key.of(kode)} is suspended: `kode start {name}` starts it"
            raise NotReady(Reason.SUSPENDED, text)
        context = load_context(self._paths.run, _instance(kode), str(Key.of(kode)))
        return await run(context, command)

    async def endpoint(self, name: str, namespace: str) -> Endpoint:
        """Return where a Kode is opened."""
        key = _key(_KODE, name, namespace)
        seen = await asyncio.to_thread(gather, self._open_store(), key)
        if seen is None:
            raise not_found(key)
        url = (seen.kode.get("status") or {}).get("url")
        if not url:
            raise NotReady(
                Reason.STARTING,
                f"{key} has no address yet: `kode up` starts the platform, `kode describe {name}` "
                "says what it waits for",
            )
        kode = parse(seen.kode)
        assert isinstance(kode, Kode)  # noqa: S101 - gathered by kind
        resolved = credentials.resolve_credentials(seen, kode)
        if resolved.credentials is None:
            return Endpoint(url)
        shown = resolved.credentials.password if resolved.generated else None
        return Endpoint(url, resolved.credentials.user, shown)

    @asynccontextmanager
    async def tunnel(self, name: str, namespace: str) -> AsyncGenerator[str, None]:
        """Give the url itself: this machine is where the Kode is."""
        yield (await self.endpoint(name, namespace)).url

    async def close(self) -> None:
        """Let go of the file."""
        if self._store:
            store, self._store = self._store, None
            await asyncio.to_thread(store.close)

    def _open_store(self) -> LocalStore:
        # In the loop, so that two verbs at once do not open it twice; it is a matter of
        # milliseconds and happens once.
        if self._store is None:
            self._paths.check()
            self._store = LocalStore(self._paths.store)
        return self._store

    async def _call(self, ask: Callable[..., Document], *arguments: Any) -> Object:
        document = await asyncio.to_thread(ask, *arguments)
        return self._credible(document)[0]

    async def _kodes(self, namespace: str | None) -> Sequence[Object]:
        listing = await asyncio.to_thread(self._open_store().list, _KODE, namespace or None)
        return listing.items

    def _credible(self, *documents: Object) -> Sequence[Object]:
        """Return documents with as much of their status as may be believed now."""
        if not any(item["kind"] == _KODE for item in documents):
            return documents
        # Only now: whoever runs after something was read is not older than what was read.
        run = find_daemon(self._paths)
        return [
            with_credible_status(item, run) if item["kind"] == _KODE else item for item in documents
        ]

    async def _annotate(
        self,
        name: str,
        namespace: str,
        marks: Mapping[str, str],
        tell: Callable[[Status], Status] = lambda status: status,
    ) -> Object:
        def change(live: Document) -> Document:
            metadata = live["metadata"]
            annotations = {**(metadata.get("annotations") or {}), **marks}
            return {**live, "metadata": {**metadata, "annotations": annotations}}

        return await self._update(name, namespace, change, tell)

    async def _update(
        self,
        name: str,
        namespace: str,
        change: Callable[[Document], Document],
        tell: Callable[[Status], Status] = lambda status: status,
    ) -> Object:
        key = _key(_KODE, name, namespace)

        def edit(live: StoredObject | None) -> StoredObject:
            if live is None:
                raise not_found(key)
            made = _replace_entry(live, change(live.document))
            if "status" not in live.document:
                return made
            status = tell(live.document["status"])
            return replace(made, document={**made.document, "status": status})

        return await self._call(self._open_store().edit, key, edit)


def _apply_entry(live: StoredObject | None, placed: Document) -> StoredObject:
    schema = schemas.of(placed["kind"])
    wanted = core_kinds.encode_string_data(schemas.without_nulls(placed, schema))
    fields = merge.fields(wanted, schema)
    if live is None:
        _check_uid(None, placed["metadata"])
        return StoredObject(admit.admit(placed, None), fields)
    if placed["metadata"].get("resourceVersion"):
        check_version(live, placed)
    _check_uid(live.uid, placed["metadata"])
    made = merge.merge(live.document, dict(live.applied or {}), wanted, schema)
    status = {"status": made.pop("status")} if "status" in made else {}
    return StoredObject({**admit.admit(made, live.document), **status}, fields)


def _check_uid(live: str | None, metadata: Mapping[str, Any]) -> None:
    if metadata.get("uid", live) != live:
        raise Conflict(
            Reason.OUTDATED,
            "the document is of a deleted object: remove metadata.uid and metadata.resourceVersion "
            "from it",
        )


def _replace_entry(live: StoredObject, document: Object) -> StoredObject:
    """Return what a write by others makes of an object: what it changed is no longer applied."""
    made = with_status_of(live.document, document)
    if live.applied is None:
        return replace(live, document=made)
    schema = schemas.of(made["kind"])
    applied = merge.release_fields(dict(live.applied), live.document, made, schema)
    return StoredObject(made, applied)


def _check_kind(kind: str) -> None:
    if kind not in STORED:
        text = f"kind {kind}: must be one of {', '.join(KINDS)}{kind_hint(kind, KINDS)}"
        raise InvalidSpec(Reason.INVALID_SPEC, text)


def _key(kind: str, name: str, namespace: str) -> Key:
    _check_kind(kind)
    if not Key(kind, "", name).namespaced:
        return Key(kind, "", name)
    return Key(kind, namespace or names.DEFAULT_NAMESPACE, name)


def _instance(kode: Object) -> str:
    return names.instance(str(kode["metadata"]["name"]), str(kode["metadata"]["uid"]))
