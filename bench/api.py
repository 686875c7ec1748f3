"""A bare client of the Kubernetes API: a connection pool and JSON, nothing in between.

Rule: no retries, no caches, no throttle; what it measures is the API server.
"""

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import orjson

from bench.access import Access

Object = dict[str, Any]
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"

_PLURALS = {"NetworkPolicy": "networkpolicies"}
_CLUSTER_WIDE = frozenset(
    {
        "Namespace",
        "FlowSchema",
        "KodeClusterTemplate",
        "EnvoyProxyClusterConfig",
    }
)


class Refused(Exception):
    """An answer of the API server that is no success."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:500]}")
        self.status = status


class Api:
    """One client; use it as an async context manager."""

    def __init__(self, access: Access, connections: int = 64) -> None:
        self._access = access
        self._connections = connections
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        tls = self._access.tls() if self._access.server.startswith("https") else True
        self._session = aiohttp.ClientSession(
            base_url=self._access.server,
            headers={**self._access.headers(), "Accept": "application/json"},
            connector=aiohttp.TCPConnector(limit=self._connections, ssl=tls),
            timeout=aiohttp.ClientTimeout(total=None, sock_read=60),
            auto_decompress=True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def text(self, path: str) -> str:
        """Return a body as it is, for example the metrics."""
        async with self._session.get(path) as answer:
            body = await answer.text()
            if not answer.ok:
                raise Refused(answer.status, body)
            return body

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Object:
        """Return the parsed answer to one request.

        Raises:
            Refused: the answer is no success.
        """
        data = orjson.dumps(body) if body is not None else None
        headers = {"Content-Type": content_type} if data else None
        async with self._session.request(
            method, path, data=data, headers=headers, params=query or {}
        ) as answer:
            content = await answer.read()
            if not answer.ok:
                raise Refused(answer.status, content.decode(errors="replace"))
            document: Object = orjson.loads(content)
            return document

    async def get(self, path: str, **query: str) -> Object:
        return await self.call("GET", path, query=query)

    async def find(self, path: str) -> Object | None:
        """Return an object; None where there is none."""
        try:
            return await self.call("GET", path)
        except Refused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def items(self, path: str, **query: str) -> list[Object]:
        """Return the objects of a collection."""
        items: list[Object] = (await self.call("GET", path, query=query))["items"]
        return items

    async def create(self, manifest: Object) -> Object:
        return await self.call("POST", path_of(manifest, named=False), manifest)

    async def apply(self, manifest: Object, manager: str = "floor") -> Object:
        """Write an object by server-side apply."""
        query = {"fieldManager": manager, "force": "true"}
        return await self.call("PATCH", path_of(manifest), manifest, APPLY, query)

    async def merge(self, path: str, body: Mapping[str, Any]) -> Object:
        return await self.call("PATCH", path, body, MERGE)

    async def delete(self, path: str, **query: str) -> None:
        """Delete an object; one that is gone already is as good."""
        try:
            await self.call("DELETE", path, query=query)
        except Refused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    async def watch(self, path: str, **query: str) -> AsyncIterator[Object]:
        """Yield the events of a watch until the server or the caller ends it."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=None)
        async with self._session.get(
            path, params={"watch": "true", **query}, timeout=timeout
        ) as answer:
            if not answer.ok:
                raise Refused(answer.status, await answer.text())
            async for line in _lines(answer.content):
                event: Object = orjson.loads(line)
                yield event


def collection(api_version: str, kind: str, namespace: str = "") -> str:
    """Return the path of a collection."""
    root = "/apis" if "/" in api_version else "/api"
    where = f"/namespaces/{quote(namespace)}" if namespace else ""
    return f"{root}/{api_version}{where}/{_PLURALS.get(kind, f'{kind.lower()}s')}"


def path_of(manifest: Mapping[str, Any], *, named: bool = True) -> str:
    """Return the path of an object, or of the collection that it goes into."""
    metadata = manifest["metadata"]
    namespace = "" if manifest["kind"] in _CLUSTER_WIDE else metadata.get("namespace", "default")
    path = collection(manifest["apiVersion"], manifest["kind"], namespace)
    return f"{path}/{quote(metadata['name'])}" if named else path


async def _lines(stream: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    # readline() of the stream refuses lines above its buffer's size, and objects may be large.
    rest = b""
    async for chunk in stream.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line
