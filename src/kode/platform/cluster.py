"""A Kubernetes cluster as a platform: the API server is the store, the operator does the rest.

Rule: nothing is remembered here; every verb is a request or two, and their answers are told in the
product's errors.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.document import KINDS
from kode.api.meta import Object
from kode.api.spelling import kind_hint
from kode.errors import Conflict, InvalidSpec, PlatformError, RefNotFound
from kode.platform import homes
from kode.platform.kubernetes import (
    addresses,
    execute,
    forward,
    happenings,
    identity,
    logs,
    pods,
    refusals,
    wire,
)
from kode.platform.kubernetes.client import Client, Scope
from kode.platform.kubernetes.depth import loads
from kode.platform.kubernetes.failures import Outdated, Refused, passes
from kode.platform.kubernetes.kinds import (
    BY_NAME,
    CLAIM,
    CORE_EVENT,
    KODE,
    NAMESPACE,
    Kind,
)
from kode.platform.kubernetes.kubeconfig import Access
from kode.platform.kubernetes.objects import OURS, Objects, Spot
from kode.platform.kubernetes.transport import Transport
from kode.platform.port import Address, Applied, Change, Command, Event, Expired, Listing, LogQuery

_PAUSES = (0.2, 1.0, 2.0, 5.0)
"""Seconds before a watch is opened again, the last one for ever."""
_LISTINGS = 3
"""How often a list that took too long is begun."""


class Cluster:
    """Kodes on a cluster."""

    def __init__(
        self, access: Access, environment: Mapping[str, str], *, take_over: bool = False
    ) -> None:
        """Take a cluster; nothing is sent yet.

        Args:
            access: which cluster, and who asks.
            environment: for programs that log in, and for proxies.
            take_over: whether an apply takes over fields that others have set.
        """
        self._access = access
        self._take_over = take_over
        self._transport = Transport(identity.Person(access, environment), agent="kode")
        self._way = addresses.Way(self._lead)
        self._client = Client(self._transport)
        self._objects = Objects(self._transport)

    @classmethod
    def of(
        cls,
        environment: Mapping[str, str],
        *,
        file: Path | None = None,
        context: str = "",
        take_over: bool = False,
    ) -> "Cluster":
        """Return the cluster that a kubeconfig names, or the one around this pod.

        Args:
            environment: KUBECONFIG and HOME say where kubeconfigs are.
            file: a kubeconfig that a person names.
            context: a context that a person names.
            take_over: whether an apply takes over fields that others have set.

        Raises:
            PlatformError: there is none.
        """
        access = identity.choose(environment, file=file, context=context)
        found = cls(access, environment, take_over=take_over)
        files = str(file or environment.get("KUBECONFIG", ""))
        named = (("--kubeconfig", files), ("--context", context))
        found._way = addresses.Way(
            found._lead, tuple(word for option, value in named if value for word in (option, value))
        )
        return found

    @property
    def label(self) -> str:
        """What a person is told."""
        return f"cluster {self._access.name}"

    @property
    def namespace(self) -> str:
        """The namespace of documents and commands that name none."""
        return self._access.namespace or "default"

    async def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Return one object."""
        spot = self._spot(kind, name, namespace)
        with refusals.about(spot):
            return await self._objects.get(spot)

    async def list(self, kind: str, namespace: str | None = None) -> Listing:
        """Return the objects of a kind, sorted by namespace and name; None for all namespaces."""
        scope = Scope(_kind(kind), namespace=namespace)
        with refusals.about(Spot(scope.kind, namespace or "")):
            for left in reversed(range(_LISTINGS)):
                try:
                    return await self._listed(scope)
                except Expired:
                    if not left:
                        raise
        raise AssertionError("unreachable")

    async def watch(
        self, kind: str, since: str, namespace: str | None = None
    ) -> AsyncGenerator[Change, None]:
        """Give the changes after a version, for ever; `Expired` where that is too long ago."""
        scope = Scope(_kind(kind), namespace=namespace)
        failed = 0
        while True:
            try:
                async with aclosing(self._client.watch(scope, since)) as changes:
                    async for type_, document in changes:
                        failed = 0
                        since = str(document["metadata"].get("resourceVersion") or since)
                        if type_ != "BOOKMARK":
                            changed = cast("Literal['ADDED', 'MODIFIED', 'DELETED']", type_)
                            yield Change(changed, document)
            except Expired:
                raise
            except Refused as refused:
                if refused.answer and not passes(refused.answer):
                    raise refusals.meaning(refused, Spot(scope.kind, namespace or "")) from refused
                failed += 1
            except PlatformError:
                failed += 1
            if failed:
                await asyncio.sleep(_PAUSES[min(failed, len(_PAUSES)) - 1])

    async def create(self, document: Object) -> Object:
        """Make an object; return it as it stands."""
        spot, placed = self._placed(document)
        with refusals.about(spot):
            return await self._objects.create(spot, placed)

    async def replace(self, document: Object) -> Object:
        """Replace an object of the version that its metadata names; status is left as it is."""
        spot, placed = self._placed(document)
        with refusals.about(spot):
            return await self._objects.replace(spot, placed)

    async def apply(self, document: Object) -> Applied:
        """Make an object be as a document says; what others have set besides is left alone."""
        spot, placed = self._placed(document)
        with refusals.about(spot):
            before = await self._client.get(spot.kind, spot.namespace, spot.name)
            try:
                reply = await self._objects.apply(spot, placed, force=self._take_over)
            except Outdated as conflict:
                # What stop and start have set is the same person's: the document is newer.
                found = set(refusals.owners(conflict).values())
                if not found or not found <= OURS:
                    raise
                reply = await self._objects.apply(spot, placed, force=True)
        after = loads(reply.body)
        verb: Literal["created", "configured", "unchanged"] = "configured"
        if before is None:
            verb = "created"
        elif _version(before) == _version(after):
            verb = "unchanged"
        return Applied(after, verb, reply.warnings)

    async def delete(
        self, kind: str, name: str, namespace: str = "", *, purge: bool = False
    ) -> None:
        """Delete an object, and with purge the files of a Kode."""
        spot = self._spot(kind, name, namespace)
        with refusals.about(spot):
            if not purge or spot.kind is not KODE:
                await self._objects.delete(spot)
                return
            uid = str((await self._objects.get(spot))["metadata"]["uid"])
            await self._objects.delete(spot, uid)
        await self._purge(spot, uid)

    async def suspend(self, name: str, namespace: str, *, suspended: bool) -> Object:
        """Stop a Kode, keeping its files, or start it; return it."""
        return await self._switched(name, namespace, {"spec": {"suspend": suspended}})

    async def restart(self, name: str, namespace: str) -> Object:
        """Have a Kode started anew, taking any pending update; return it."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return await self._switched(
            name, namespace, {"metadata": {"annotations": {labels.RESTARTED_AT: now}}}
        )

    async def renew_home(self, name: str, namespace: str) -> Object:
        """Have a new, empty home made for a Kode in the place of one that is gone; return it."""
        spot = self._spot(KODE.name, name, namespace)
        with refusals.about(spot):
            kode = await self._objects.get(spot)
        existing = (kode["spec"].get("storage") or {}).get("existingVolumeClaim")
        if existing:
            text = f"claim {existing} is not {spot}'s own: make it anew yourself, or name another"
            raise Conflict(Reason.NOT_OWNED, text)
        lost = homes.gone(kode)
        claim = Spot(CLAIM, spot.namespace, names.home_claim(name))
        with refusals.about(claim):
            live = await self._client.get(claim.kind, claim.namespace, claim.name)
            if live and live["metadata"]["uid"] == lost:
                # Its volume is gone; a claim is never bound to another one.
                await self._objects.delete(claim, lost)
        return await self._switched(
            name, namespace, {"metadata": {"annotations": {labels.NEW_HOME: lost}}}
        )

    async def logs(self, name: str, namespace: str, query: LogQuery) -> AsyncGenerator[str, None]:
        """Give the lines of a Kode's log, without their ends."""
        log = logs.Log(self._transport, self._spot(KODE.name, name, namespace), query)
        async with aclosing(log.lines()) as lines:
            async for line in lines:
                yield line

    async def events(self, namespace: str | None, name: str | None = None) -> tuple[Event, ...]:
        """Return what happened, the oldest first."""
        if name is None:
            with refusals.about(Spot(CORE_EVENT, namespace or "")):
                return await happenings.of_all(self._client, namespace)
        spot = self._spot(KODE.name, name, namespace or "")
        with refusals.about(spot):
            kode = await self._client.get(KODE, spot.namespace, name) or {}
            storage = kode.get("spec", {}).get("storage") or {}
            claim = str(storage.get("existingVolumeClaim") or "")
            return await happenings.of_one(self._client, spot.namespace, name, claim)

    async def execute(self, name: str, namespace: str, command: Command) -> int:
        """Run a command where a Kode runs, with this process's input and output."""
        spot = self._spot(KODE.name, name, namespace)
        with refusals.about(spot):
            kode = await self._objects.get(spot)
            pod = await pods.running(self._client, kode, pods.EDITOR)
        return await execute.run(self._transport, spot, pod, command)

    async def address(self, name: str, namespace: str) -> Address:
        """Return where a Kode is opened."""
        spot = self._spot(KODE.name, name, namespace)
        with refusals.about(spot):
            kode = await self._objects.get(spot)
            return await addresses.of(self._client, kode, self._way)

    def _lead(self, pod: Spot, host: str) -> AbstractAsyncContextManager[str]:
        return forward.Forward(self._transport, pod).listening(host)

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()

    async def _listed(self, scope: Scope) -> Listing:
        found, version = [], ""
        async for page in self._client.pages(scope):
            found += page.items
            version = page.resource_version
        return Listing(tuple(sorted(found, key=_place)), version)

    async def _switched(self, name: str, namespace: str, body: Mapping[str, object]) -> Object:
        spot = self._spot(KODE.name, name, namespace)
        with refusals.about(spot):
            return await self._objects.switch(spot, body)

    async def _purge(self, spot: Spot, uid: str) -> None:
        claim = Spot(CLAIM, spot.namespace, names.home_claim(spot.name))
        try:
            with refusals.about(claim):
                found = (await self._objects.get(claim))["metadata"]
                if (found.get("labels") or {}).get(labels.KODE_UID) == names.label_value(uid):
                    await self._objects.delete(claim, str(found["uid"]))
        except RefNotFound:
            return
        except PlatformError as error:
            raise PlatformError(
                error.reason, f"{spot} is deleted, but its files are not ({claim}): {error}"
            ) from error

    def _spot(self, kind: str, name: str, namespace: str) -> Spot:
        found = _kind(kind)
        spot = Spot(found, (namespace or self.namespace) if found.namespaced else "", name)
        if not wire.is_name(name):
            raise RefNotFound(Reason.NOT_FOUND, f"there is no {spot}")
        return spot

    def _placed(self, document: Object) -> tuple[Spot, Object]:
        kind, metadata = _kind(str(document.get("kind"))), document.get("metadata")
        if not isinstance(metadata, Mapping):
            raise InvalidSpec(Reason.INVALID_SPEC, f"{kind.name}: metadata is missing")
        wire.check_place(kind, metadata)
        spot = self._spot(kind.name, metadata["name"], metadata.get("namespace") or "")
        if not spot.namespace:
            return spot, document
        return spot, {**document, "metadata": {**metadata, "namespace": spot.namespace}}


def _kind(name: str) -> Kind:
    found = NAMESPACE if name == NAMESPACE.name else BY_NAME.get(name)
    if found is None:
        # The others are made of these, by the operator.
        text = f"kind {name}: must be one of {', '.join(KINDS)}{kind_hint(name, KINDS)}"
        raise InvalidSpec(Reason.INVALID_SPEC, text)
    return found


def _version(document: Object) -> object:
    return document["metadata"].get("resourceVersion")


def _place(document: Object) -> tuple[str, str]:
    metadata = document["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
