"""The verbs of the Kubernetes API, on unstructured objects.

Rule: no verb here adopts: a create never changes an object that exists, and a change names the uid
that it is meant for. Every write names its field manager, and unknown fields are refused, never
dropped.
"""

import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson

from kode.kube.deep_json import loads
from kode.kube.errors import ErrorResponse, NotFound, to_error
from kode.kube.resources import Object, ObjectRef, Resource
from kode.kube.transport import JSON, Request, Transport

_APPLY = "application/apply-patch+yaml"
_MERGE_PATCH = "application/merge-patch+json"
_JSON_PATCH = "application/json-patch+json"
_METADATA = "as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"
_MAX_LOG = 8_000_000
_PAGE_SIZE = 100
"""Objects in one page of a list: few enough that a page of large ones takes little memory."""


@dataclass(frozen=True)
class ListOptions:
    """The objects that a list or a watch is about.

    Attributes:
        resource: their resource.
        labels: a label selector; empty for all.
        fields: a field selector; empty for all.
        namespace: a namespace; None for all.
        metadata_only: whether only their metadata is wanted.
    """

    resource: Resource
    labels: str = ""
    fields: str = ""
    namespace: str | None = None
    metadata_only: bool = False

    def params(self) -> dict[str, str]:
        """Return the selectors as a query."""
        params = {"labelSelector": self.labels, "fieldSelector": self.fields}
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


@dataclass(frozen=True)
class ApplyResponse:
    """The answer to a server-side apply.

    Attributes:
        document: the object as it is now.
        warnings: what the server said besides.
    """

    document: dict[str, Any]
    warnings: tuple[str, ...] = ()


class Client:
    """An API server, and who writes to it."""

    def __init__(
        self,
        transport: Transport,
        *,
        field_manager: str,
        encode: Callable[[Object], bytes] = orjson.dumps,
    ) -> None:
        """Speak through a transport.

        Args:
            transport: the connection.
            field_manager: who writes, for managedFields.
            encode: makes JSON of a document; another one may refuse what a user wrote.
        """
        self._transport = transport
        self._encode = encode
        # An API server that does not know a field must say so: dropped silently, it could matter.
        self._strict = {"fieldManager": field_manager, "fieldValidation": "Strict"}

    async def get(self, ref: ObjectRef) -> dict[str, Any]:
        """Return an object.

        Raises:
            NotFound: there is none.
        """
        return await self._send(Request("GET", ref.path, f"get {ref}"))

    async def find(self, ref: ObjectRef) -> dict[str, Any] | None:
        """Return an object; None where there is none."""
        try:
            return await self.get(ref)
        except NotFound:
            return None

    async def create(
        self, ref: ObjectRef, manifest: Object, *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Create an object; return it as it is now.

        Args:
            ref: which.
            manifest: the object.
            dry_run: whether the server only says what it would answer.

        Raises:
            AlreadyExists: there is one of that name.
        """
        params = {**self._strict, "dryRun": "All"} if dry_run else self._strict
        path = ref.resource.path(ref.namespace)
        body = self._encode(manifest)
        return await self._send(Request("POST", path, f"create {ref}", params, body))

    async def replace(self, ref: ObjectRef, manifest: Object) -> dict[str, Any]:
        """Replace an object of the version that its metadata names; return it as it is now.

        Raises:
            ApiConflict: it is of another version.
            NotFound: it is gone.
        """
        body = self._encode(manifest)
        return await self._send(Request("PUT", ref.path, f"replace {ref}", self._strict, body))

    async def apply(
        self, ref: ObjectRef, manifest: Object, *, uid: str = "", force: bool = False
    ) -> ApplyResponse:
        """Change an object, or create it, by server-side apply.

        Args:
            ref: which.
            manifest: all that we want of it.
            uid: the uid that it must have; empty for any, or none.
            force: whether to take over fields that others own.

        Raises:
            ApiConflict: it is gone, or it is another object of that name, or others own fields.
        """
        if uid:
            manifest = {**manifest, "metadata": {**manifest["metadata"], "uid": uid}}
        params = {**self._strict, "force": "true"} if force else self._strict
        request = Request("PATCH", ref.path, f"apply {ref}", params, self._encode(manifest), _APPLY)
        reply = await self._transport.request(request)
        return ApplyResponse(_parse(reply.body), reply.warnings)

    async def patch_merge(
        self, ref: ObjectRef, body: Object, *, subresource: str = "", field_manager: str = ""
    ) -> dict[str, Any]:
        """Merge a patch (RFC 7386) into an object; return it as it is now.

        Args:
            ref: which.
            body: the patch.
            subresource: for example status; empty for the object itself.
            field_manager: who writes, where that is not this client's.

        Raises:
            NotFound: it is gone.
            ApiConflict: it is not the one, or not the version, that the patch names.
        """
        params = {"fieldManager": field_manager or self._strict["fieldManager"]}
        path = ref.resource.path(ref.namespace, ref.name, subresource)
        what = f"patch {subresource} of {ref}" if subresource else f"patch {ref}"
        return await self._send(
            Request("PATCH", path, what, params, orjson.dumps(body), _MERGE_PATCH)
        )

    async def patch_json(
        self, ref: ObjectRef, operations: list[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Apply a JSON patch (RFC 6902) to an object; return it as it is now.

        Raises:
            NotFound: it is gone.
            ApiConflict: a test among the operations failed.
        """
        params = {"fieldManager": self._strict["fieldManager"]}
        body = orjson.dumps(operations)
        return await self._send(
            Request("PATCH", ref.path, f"patch {ref}", params, body, _JSON_PATCH)
        )

    async def delete(self, ref: ObjectRef, *, uid: str = "", foreground: bool = False) -> None:
        """Delete an object, and what it owns, with the grace that each has.

        Args:
            ref: which.
            uid: the uid that it must have; empty for any.
            foreground: whether it stays until what it owns is gone.

        Raises:
            NotFound: it is gone.
            ApiConflict: it is another object of that name.
        """
        policy = "Foreground" if foreground else "Background"
        options: dict[str, Any] = {"propagationPolicy": policy}
        if uid:
            options["preconditions"] = {"uid": uid}
        body = orjson.dumps(options)
        await self._transport.request(Request("DELETE", ref.path, f"delete {ref}", {}, body))

    async def log(self, pod: ObjectRef, container: str, lines: int) -> str:
        """Return the end of a container's log, of the container that runs now.

        Args:
            pod: the pod.
            container: name of the container.
            lines: how many lines; of eight megabytes at most.

        Raises:
            NotFound: there is no such pod.
            PlatformError: the container has not started, or its node cannot be asked.
        """
        params = {"container": container, "tailLines": str(lines), "limitBytes": str(_MAX_LOG)}
        path = pod.resource.path(pod.namespace, pod.name, "log")
        request = Request("GET", path, f"read the log of {pod}", params, accept="*/*")
        return (await self._transport.request(request)).body.decode(errors="replace")

    async def pages(
        self, options: ListOptions, limit: int = _PAGE_SIZE
    ) -> AsyncGenerator[Page, None]:
        """List objects, page by page.

        Raises:
            Expired: the list took too long; begin again.
        """
        resource = options.resource
        params = {**options.params(), "limit": str(limit)}
        path, accept = resource.path(options.namespace), options.accept("List")
        while True:
            response = await self._send(
                Request("GET", path, f"list {resource.plural}", params, accept=accept)
            )
            items = response.get("items") or []
            for item in items:
                item["kind"], item["apiVersion"] = resource.kind, resource.api_version
            metadata = response.get("metadata") or {}
            yield Page(items, str(metadata.get("resourceVersion", "")))
            if not metadata.get("continue"):
                return
            params["continue"] = metadata["continue"]

    async def list(self, options: ListOptions) -> Page:
        """List objects, all pages as one.

        Raises:
            Expired: the list took too long; begin again.
        """
        items, version = [], ""
        async with aclosing(self.pages(options)) as pages:
            async for page in pages:
                items += page.items
                version = page.resource_version
        return Page(items, version)

    async def watch(
        self, options: ListOptions, since: str
    ) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
        """Give changes as they come: ADDED, MODIFIED, DELETED or BOOKMARK, and the object.

        It ends by itself after some minutes; go on from the last resourceVersion seen.

        Args:
            options: the objects.
            since: a resourceVersion; changes after it are given.

        Raises:
            Expired: the server no longer knows what came after it; list again.
            PlatformError: the connection broke, or could not be made.
        """
        params = {
            **options.params(),
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": since,
            # Spread, so that not all watches are opened again at once.
            "timeoutSeconds": str(random.randint(240, 480)),  # noqa: S311
        }
        resource = options.resource
        what = f"watch {resource.plural}"
        path = resource.path(options.namespace)
        request = Request("GET", path, what, params, accept=options.accept())
        async with self._transport.stream(request) as chunks, aclosing(_lines(chunks)) as lines:
            async for line in lines:
                event = _parse(line)
                type_, item = str(event.get("type")), event.get("object") or {}
                if type_ == "ERROR":
                    status = int(item.get("code") or 500)
                    raise to_error(ErrorResponse(status, orjson.dumps(item)), what)
                item["kind"], item["apiVersion"] = resource.kind, resource.api_version
                yield type_, item

    async def _send(self, request: Request) -> dict[str, Any]:
        return _parse((await self._transport.request(request)).body)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        value = loads(body)
    except orjson.JSONDecodeError as error:
        response = ErrorResponse(502, b"the answer is not valid JSON")
        raise to_error(response, "read an answer") from error
    return value if isinstance(value, dict) else {}


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
