"""The verbs of the Kubernetes API, on unstructured objects.

Rule: no verb here adopts: a create never changes what stands there, a change names the uid that it
means.
"""

import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson

from kode.api.meta import Object
from kode.platform.kubernetes.depth import loads
from kode.platform.kubernetes.failures import Answer, Vanished, error_of
from kode.platform.kubernetes.kinds import BY_NAME, Kind
from kode.platform.kubernetes.transport import JSON, Request, Transport

FIELD_MANAGER = "kode"
"""Who we are in managedFields."""

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_JSON_PATCH = "application/json-patch+json"
_METADATA = "as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"
_PAGE = 100
"""Objects in one page of a list: few enough that a page of large ones takes little memory."""
_STRICT = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
"""An API server that does not know a field must say so: dropped silently, it could open a door."""


@dataclass(frozen=True)
class Scope:
    """The objects that a list or a watch is about.

    Attributes:
        kind: their kind.
        selector: a label selector; empty for all.
        fields: a field selector; empty for all.
        namespace: a namespace; None for all.
        metadata_only: whether only their metadata is wanted.
    """

    kind: Kind
    selector: str = ""
    fields: str = ""
    namespace: str | None = None
    metadata_only: bool = False

    def params(self) -> dict[str, str]:
        """Return the selectors as a query."""
        params = {"labelSelector": self.selector, "fieldSelector": self.fields}
        return {key: value for key, value in params.items() if value}

    def accept(self, suffix: str = "") -> str:
        """Return the form of answer that is wanted; the suffix is List for a list."""
        return f"{JSON};{_METADATA.format(suffix)}" if self.metadata_only else JSON


@dataclass(frozen=True)
class Page:
    """A part of a list.

    Attributes:
        items: the objects, with kind and apiVersion.
        resource_version: of the whole list: where a watch goes on.
    """

    items: list[dict[str, Any]]
    resource_version: str


class Client:
    """The API server, as far as the operator needs it."""

    def __init__(self, transport: Transport) -> None:
        """Speak through a transport."""
        self._transport = transport

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Return an object; None where there is none."""
        what = f"get {kind.name} {namespace}/{name}"
        try:
            return _loads(
                await self._transport.send(Request("GET", kind.path(namespace, name), what))
            )
        except Vanished:
            return None

    async def create(self, manifest: Object) -> dict[str, Any]:
        """Make an object; return it as it stands.

        Raises:
            Exists: there is one of that name.
        """
        kind, namespace, name = _target(manifest)
        request = Request(
            "POST",
            kind.path(namespace),
            f"create {kind.name} {namespace}/{name}",
            _STRICT,
            orjson.dumps(manifest),
        )
        return _loads(await self._transport.send(request))

    async def apply(self, manifest: Object, uid: str) -> dict[str, Any]:
        """Put an object right by server-side apply; return it as it stands.

        Args:
            manifest: all that we want of it.
            uid: the uid that it must have.

        Raises:
            Outdated: it is gone, or another object of that name stands there.
        """
        kind, namespace, name = _target(manifest)
        meant = {**manifest, "metadata": {**manifest["metadata"], "uid": uid}}
        request = Request(
            "PATCH",
            kind.path(namespace, name),
            f"apply {kind.name} {namespace}/{name}",
            {**_STRICT, "force": "true"},
            orjson.dumps(meant),
            _APPLY,
        )
        return _loads(await self._transport.send(request))

    async def merge(
        self, kind: Kind, namespace: str, name: str, body: Object, *, subresource: str = ""
    ) -> dict[str, Any]:
        """Merge a patch (RFC 7386) into an object; return it as it stands.

        Raises:
            Vanished: it is gone.
            Outdated: it is not the one, or not the version, that the patch names.
        """
        request = Request(
            "PATCH",
            kind.path(namespace, name, subresource),
            f"patch {'/'.join(filter(None, (kind.name, subresource)))} {namespace}/{name}",
            {"fieldManager": FIELD_MANAGER},
            orjson.dumps(body),
            _MERGE,
        )
        return _loads(await self._transport.send(request))

    async def edit(
        self, kind: Kind, namespace: str, name: str, operations: list[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Apply a JSON patch (RFC 6902) to an object; return it as it stands.

        Raises:
            Vanished: it is gone.
            Outdated: a test among the operations failed.
        """
        request = Request(
            "PATCH",
            kind.path(namespace, name),
            f"edit {kind.name} {namespace}/{name}",
            {"fieldManager": FIELD_MANAGER},
            orjson.dumps(operations),
            _JSON_PATCH,
        )
        return _loads(await self._transport.send(request))

    async def replace(self, manifest: Object) -> dict[str, Any]:
        """Replace an object of the version that its metadata names; return it as it stands.

        Raises:
            Outdated: it is of another version.
            Vanished: it is gone.
        """
        kind, namespace, name = _target(manifest)
        request = Request(
            "PUT",
            kind.path(namespace, name),
            f"replace {kind.name} {namespace}/{name}",
            _STRICT,
            orjson.dumps(manifest),
        )
        return _loads(await self._transport.send(request))

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete an object; nothing to do where it is gone.

        Args:
            kind: its kind.
            namespace: its namespace.
            name: its name.
            uid: the uid that it must have.

        Raises:
            Outdated: another object of that name stands there.
        """
        options = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        what = f"delete {kind.name} {namespace}/{name}"
        request = Request("DELETE", kind.path(namespace, name), what, {}, orjson.dumps(options))
        try:
            await self._transport.send(request)
        except Vanished:
            return

    async def pages(self, scope: Scope, limit: int = _PAGE) -> AsyncGenerator[Page, None]:
        """List objects, page by page.

        Raises:
            Expired: the list took too long; begin again.
        """
        kind = scope.kind
        params = {**scope.params(), "limit": str(limit)}
        while True:
            request = Request(
                "GET",
                kind.path(scope.namespace),
                f"list {kind.plural}",
                params,
                accept=scope.accept("List"),
            )
            found = _loads(await self._transport.send(request))
            items = found.get("items") or []
            for item in items:
                item["kind"], item["apiVersion"] = kind.name, kind.api_version
            metadata = found.get("metadata") or {}
            yield Page(items, str(metadata.get("resourceVersion", "")))
            if not metadata.get("continue"):
                return
            params["continue"] = metadata["continue"]

    async def watch(
        self, scope: Scope, since: str
    ) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
        """Give changes as they come: ADDED, MODIFIED, DELETED or BOOKMARK, and the object.

        It ends by itself after some minutes; go on from the last resourceVersion seen.

        Args:
            scope: the objects.
            since: a resourceVersion; changes after it are given.

        Raises:
            Expired: the server no longer knows what came after it; list again.
            PlatformError: the connection broke, or could not be made.
        """
        params = {
            **scope.params(),
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": since,
            # Spread, so that not all watches are opened again at once.
            "timeoutSeconds": str(random.randint(240, 480)),  # noqa: S311
        }
        kind = scope.kind
        what = f"watch {kind.plural}"
        request = Request("GET", kind.path(scope.namespace), what, params, accept=scope.accept())
        async with self._transport.stream(request) as chunks, aclosing(_lines(chunks)) as lines:
            async for line in lines:
                event = _loads(line)
                change, found = str(event.get("type")), event.get("object") or {}
                if change == "ERROR":
                    raise error_of(Answer(int(found.get("code") or 500), orjson.dumps(found)), what)
                found["kind"], found["apiVersion"] = kind.name, kind.api_version
                yield change, found


def _target(manifest: Object) -> tuple[Kind, str, str]:
    metadata = manifest["metadata"]
    return BY_NAME[manifest["kind"]], str(metadata.get("namespace", "")), str(metadata["name"])


def _loads(body: bytes) -> dict[str, Any]:
    try:
        found = loads(body)
    except orjson.JSONDecodeError as error:
        raise error_of(Answer(502, b"the answer is no JSON"), "read an answer") from error
    return found if isinstance(found, dict) else {}


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    # aiohttp's own readline refuses long lines, and one object can be a megabyte.
    rest: list[bytes] = []
    async for chunk in chunks:
        *complete, last = chunk.split(b"\n")
        for line in complete:
            yield b"".join([*rest, line])
            rest.clear()
        if last:
            rest.append(last)
