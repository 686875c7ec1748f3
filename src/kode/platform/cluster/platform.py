"""A Kubernetes cluster as a platform: the API server is the store, the operator does the rest.

Rule: nothing is remembered here; every verb is a request or two, and their answers are told in the
product's errors.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from kode import labels, names
from kode.api import layout
from kode.api.conditions import Reason
from kode.api.document import KINDS
from kode.api.meta import Object
from kode.api.spelling import kind_hint
from kode.desired import homes
from kode.errors import Conflict, Expired, InvalidSpec, PlatformError, RefNotFound
from kode.kube import auth, encoding
from kode.kube.client import ApplyResponse, Client, ListOptions
from kode.kube.config import ContextConfig
from kode.kube.errors import UNTYPED, AlreadyExists, ApiConflict, ApiError, is_retryable
from kode.kube.port_forward import PortForward
from kode.kube.resources import CLAIM, CORE_EVENT, NAMESPACE, POD, ObjectRef, Resource
from kode.kube.transport import Transport
from kode.platform.cluster import endpoints, events, logs, messages, pod_exec, pods
from kode.platform.port import (
    ApplyResult,
    Endpoint,
    Event,
    ExecOptions,
    LogQuery,
    ObjectList,
    WatchEvent,
)
from kode.platform.resources import BY_KIND, KODE

_PAUSES = (0.2, 1.0, 2.0, 5.0)
"""Seconds before a watch is opened again, the last one for ever."""
FIELD_MANAGER = "kode-cli"
"""Field manager of what a user's documents say."""

LIFECYCLE_MANAGER = "kode-switch"
"""Field manager of stop, start and restart: another one, so that a document that does not speak of
them leaves them as they are when it is applied again."""

FIELD_MANAGERS = frozenset({FIELD_MANAGER, LIFECYCLE_MANAGER})
_SERVER_FIELDS = (
    "managedFields",
    "creationTimestamp",
    "generation",
    "selfLink",
    "deletionTimestamp",
)
_LISTINGS = 3
"""How often a list that took too long is begun."""


class ClusterPlatform:
    """Kodes on a cluster."""

    def __init__(
        self,
        access: ContextConfig,
        environment: Mapping[str, str],
        *,
        force_conflicts: bool = False,
    ) -> None:
        """Take a cluster; nothing is sent yet.

        Args:
            access: which cluster, and who asks.
            environment: for programs that log in, and for proxies.
            force_conflicts: whether an apply takes over fields that others have set.
        """
        self._access = access
        self._force_conflicts = force_conflicts
        self._transport = Transport(auth.KubeconfigAuth(access, environment), agent="kode")
        self._client = Client(self._transport, field_manager=FIELD_MANAGER, encode=encoding.encode)

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str],
        *,
        file: Path | None = None,
        context: str = "",
        force_conflicts: bool = False,
    ) -> "ClusterPlatform":
        """Return the cluster that a kubeconfig names, or the one around this pod.

        Args:
            environment: KUBECONFIG and HOME say where kubeconfigs are.
            file: a kubeconfig that a user names.
            context: a context that a user names.
            force_conflicts: whether an apply takes over fields that others have set.

        Raises:
            PlatformError: there is none.
        """
        access = auth.select_context(environment, file=file, context=context)
        return cls(access, environment, force_conflicts=force_conflicts)

    @property
    def display_name(self) -> str:
        """What a user is told."""
        return f"cluster {self._access.name}"

    @property
    def namespace(self) -> str:
        """The namespace of documents and commands that name none."""
        return self._access.namespace or "default"

    async def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """Return one object."""
        ref = self._ref(kind, name, namespace)
        with messages.translate_errors(ref):
            return await self._client.get(ref)

    async def list(self, kind: str, namespace: str | None = None) -> ObjectList:
        """Return the objects of a kind, sorted by namespace and name; None for all namespaces."""
        scope = ListOptions(_kind(kind), namespace=namespace)
        with messages.translate_errors(ObjectRef(scope.resource, namespace or "")):
            for left in reversed(range(_LISTINGS)):
                try:
                    page = await self._client.list(scope)
                    return ObjectList(tuple(sorted(page.items, key=_place)), page.resource_version)
                except Expired:
                    if not left:
                        raise
        raise AssertionError("unreachable")

    async def watch(
        self, kind: str, since: str, namespace: str | None = None
    ) -> AsyncGenerator[WatchEvent, None]:
        """Give the changes after a version, for ever; `Expired` where that is too long ago."""
        scope = ListOptions(_kind(kind), namespace=namespace)
        failed = 0
        while True:
            try:
                async with aclosing(self._client.watch(scope, since)) as changes:
                    async for type_, document in changes:
                        failed = 0
                        since = str(document["metadata"].get("resourceVersion") or since)
                        if type_ != "BOOKMARK":
                            changed = cast("Literal['ADDED', 'MODIFIED', 'DELETED']", type_)
                            yield WatchEvent(changed, document)
            except Expired:
                raise
            except ApiError as refused:
                if refused.response and not is_retryable(refused.response):
                    raise messages.to_user_error(
                        refused, ObjectRef(scope.resource, namespace or "")
                    ) from refused
                failed += 1
            except PlatformError:
                failed += 1
            if failed:
                await asyncio.sleep(_PAUSES[min(failed, len(_PAUSES)) - 1])

    async def create(self, document: Object) -> Object:
        """Make an object; return it as it stands."""
        ref, document = self._with_namespace(document)
        with messages.translate_errors(ref):
            return await self._client.create(ref, document)

    async def replace(self, document: Object) -> Object:
        """Replace an object of the version that its metadata names; status is left as it is."""
        ref, document = self._with_namespace(document)
        with messages.translate_errors(ref):
            return await self._client.replace(ref, document)

    async def apply(self, document: Object) -> ApplyResult:
        """Make an object be as a document says; what others have set besides is left alone."""
        ref, document = self._with_namespace(document)
        with messages.translate_errors(ref):
            before = await self._client.find(ref)
            try:
                result = await self._apply(ref, document, force=self._force_conflicts)
            except ApiConflict as conflict:
                # What stop and start have set is the same user's: the document is newer.
                owners = set(messages.field_owners(conflict).values())
                if not owners or not owners <= FIELD_MANAGERS:
                    raise
                result = await self._apply(ref, document, force=True)
        verb: Literal["created", "configured", "unchanged"] = "configured"
        if before is None:
            verb = "created"
        elif _version(before) == _version(result.document):
            verb = "unchanged"
        return ApplyResult(result.document, verb, result.warnings)

    async def delete(
        self, kind: str, name: str, namespace: str = "", *, purge: bool = False
    ) -> None:
        """Delete an object, and with purge the files of a Kode."""
        ref = self._ref(kind, name, namespace)
        with messages.translate_errors(ref):
            if not purge or ref.resource is not KODE:
                await self._client.delete(ref)
                return
            uid = str((await self._client.get(ref))["metadata"]["uid"])
            await self._client.delete(ref, uid=uid)
        await self._purge(ref, uid)

    async def suspend(self, name: str, namespace: str, *, suspended: bool) -> Object:
        """Stop a Kode, keeping its files, or start it; return it."""
        return await self._patch(name, namespace, {"spec": {"suspend": suspended}})

    async def restart(self, name: str, namespace: str) -> Object:
        """Have a Kode started again, taking any pending update; return it."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return await self._patch(
            name, namespace, {"metadata": {"annotations": {labels.RESTARTED_AT: now}}}
        )

    async def renew_home(self, name: str, namespace: str) -> Object:
        """Have a new, empty home made for a Kode in the place of one that is gone; return it."""
        ref = self._ref(KODE.kind, name, namespace)
        with messages.translate_errors(ref):
            kode = await self._client.get(ref)
        existing = (kode["spec"].get("storage") or {}).get("existingVolumeClaim")
        if existing:
            text = f"claim {existing} does not belong to {ref}: create it yourself, or name another"
            raise Conflict(Reason.NOT_OWNED, text)
        lost = homes.gone(kode)
        claim = ObjectRef(CLAIM, ref.namespace, names.home_claim(name))
        with messages.translate_errors(claim):
            live = await self._client.find(claim)
            if live and live["metadata"]["uid"] == lost:
                # Its volume is gone; a claim is never bound to another one.
                await self._client.delete(claim, uid=lost)
        return await self._patch(
            name, namespace, {"metadata": {"annotations": {labels.NEW_HOME: lost}}}
        )

    async def logs(self, name: str, namespace: str, query: LogQuery) -> AsyncGenerator[str, None]:
        """Give the lines of a Kode's log, without their ends."""
        log = logs.Log(self._transport, self._client, self._ref(KODE.kind, name, namespace), query)
        async with aclosing(log.lines()) as lines:
            async for line in lines:
                yield line

    async def events(self, namespace: str | None, name: str | None = None) -> tuple[Event, ...]:
        """Return what happened, the oldest first."""
        if name is None:
            with messages.translate_errors(ObjectRef(CORE_EVENT, namespace or "")):
                return await events.list_all(self._client, namespace)
        ref = self._ref(KODE.kind, name, namespace or "")
        with messages.translate_errors(ref):
            kode = await self._client.find(ref) or {}
            storage = kode.get("spec", {}).get("storage") or {}
            claim = str(storage.get("existingVolumeClaim") or "")
            return await events.list_for_kode(self._client, ref.namespace, name, claim)

    async def exec(self, name: str, namespace: str, command: ExecOptions) -> int:
        """Run a command where a Kode runs, with this process's input and output."""
        ref = self._ref(KODE.kind, name, namespace)
        with messages.translate_errors(ref):
            kode = await self._client.get(ref)
            pod = await pods.running(self._client, kode, layout.EDITOR)
        return await pod_exec.run(self._transport, ref, pod, command)

    async def endpoint(self, name: str, namespace: str) -> Endpoint:
        """Return where a Kode is opened."""
        ref = self._ref(KODE.kind, name, namespace)
        with messages.translate_errors(ref):
            kode = await self._client.get(ref)
            return await endpoints.find(self._client, kode)

    @asynccontextmanager
    async def tunnel(self, name: str, namespace: str) -> AsyncGenerator[str, None]:
        """Reach a Kode that has no url: give one on this machine's loopback, until it is left."""
        ref = self._ref(KODE.kind, name, namespace)
        pod = ObjectRef(POD, ref.namespace, names.pod(name))
        forward = PortForward(self._transport, pod, layout.SIDECAR_HTTP)
        async with forward.listen(f"{names.host(name, ref.namespace)}.localhost") as url:
            yield url

    async def close(self) -> None:
        """Let go of connections."""
        await self._transport.close()

    async def _apply(self, ref: ObjectRef, document: Object, *, force: bool) -> ApplyResponse:
        metadata = {
            key: value for key, value in document["metadata"].items() if key not in _SERVER_FIELDS
        }
        kept = {key: value for key, value in document.items() if key != "status"}
        manifest = {**kept, "metadata": metadata}
        try:
            return await self._client.apply(ref, manifest, force=force)
        except ApiError as error:
            if UNTYPED in str(error):
                # An apply is refused for the first field alone; a create names all.
                with suppress(AlreadyExists):
                    await self._client.create(ref, manifest, dry_run=True)
            raise

    async def _patch(self, name: str, namespace: str, body: Mapping[str, object]) -> Object:
        ref = self._ref(KODE.kind, name, namespace)
        with messages.translate_errors(ref):
            return await self._client.patch_merge(ref, body, field_manager=LIFECYCLE_MANAGER)

    async def _purge(self, ref: ObjectRef, uid: str) -> None:
        claim = ObjectRef(CLAIM, ref.namespace, names.home_claim(ref.name))
        try:
            with messages.translate_errors(claim):
                metadata = (await self._client.get(claim))["metadata"]
                if (metadata.get("labels") or {}).get(labels.KODE_UID) == names.label_value(uid):
                    await self._client.delete(claim, uid=str(metadata["uid"]))
        except RefNotFound:
            return
        except PlatformError as error:
            raise PlatformError(
                error.reason, f"{ref} was deleted, but its files (claim {claim}) were not: {error}"
            ) from error

    def _ref(self, kind: str, name: str, namespace: str) -> ObjectRef:
        resource = _kind(kind)
        ref = ObjectRef(
            resource, (namespace or self.namespace) if resource.namespaced else "", name
        )
        if not encoding.is_name(name):
            raise RefNotFound(Reason.NOT_FOUND, f"{ref} does not exist")
        return ref

    def _with_namespace(self, document: Object) -> tuple[ObjectRef, Object]:
        kind, metadata = _kind(str(document.get("kind"))), document.get("metadata")
        if not isinstance(metadata, Mapping):
            raise InvalidSpec(Reason.INVALID_SPEC, f"{kind.kind}: metadata: required")
        encoding.check_object_path(kind, metadata)
        ref = self._ref(kind.kind, metadata["name"], metadata.get("namespace") or "")
        if not ref.namespace:
            return ref, document
        return ref, {**document, "metadata": {**metadata, "namespace": ref.namespace}}


def _kind(name: str) -> Resource:
    resource = NAMESPACE if name == NAMESPACE.kind else BY_KIND.get(name)
    if resource is None:
        # The others are made of these, by the operator.
        text = f"kind {name}: must be one of {', '.join(KINDS)}{kind_hint(name, KINDS)}"
        raise InvalidSpec(Reason.INVALID_SPEC, text)
    return resource


def _version(document: Object) -> object:
    return document["metadata"].get("resourceVersion")


def _place(document: Object) -> tuple[str, str]:
    metadata = document["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
