"""An API server that misbehaves when told to: a proxy in front of the real one.

Rule: the operator knows nothing of it. What the proxy does to a request is one fault, chosen by a
rule of the test; all else passes through unchanged and is noted.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

from bench.access import Access

_LEFT_OUT = frozenset({"host", "connection", "transfer-encoding", "content-length"})
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass
class Seen:
    """A request, and what became of it."""

    method: str
    path: str
    query: dict[str, str]
    at: float
    """Monotonic seconds."""
    status: int = 0
    """What the operator was answered; 0 for nothing."""

    @property
    def writes(self) -> bool:
        return self.method in _WRITES

    @property
    def about_lease(self) -> bool:
        return "/leases" in self.path

    @property
    def watches(self) -> bool:
        return self.query.get("watch") == "true"


@dataclass(frozen=True)
class Fault:
    """What is done to one request; by itself, nothing.

    Attributes:
        status: answered instead of asking the server.
        headers: of that answer.
        body: of that answer; of a watch, sent in it before it is cut.
        forward: whether the server is asked even so.
        drop: whether the connection is cut without an answer.
        then: called after the server was asked, before an answer is sent.
        after: seconds after which a watch is cut; in the middle of an object when one comes.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    forward: bool = False
    drop: bool = False
    then: Callable[[], Awaitable[None]] | None = None
    after: float | None = None


Rule = Callable[[Seen], Fault | None]


class Proxy:
    """A proxy for one operator; use it as an async context manager."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session: aiohttp.ClientSession
        self._runner: web.AppRunner
        self.rule: Rule = lambda _: None
        self.log: list[Seen] = []
        self._open: dict[int, web.Request] = {}
        self.server = ""
        """Where the operator finds it."""

    @property
    def writes(self) -> list[Seen]:
        """Return the writes but those of the lease."""
        return [seen for seen in self.log if seen.writes and not seen.about_lease]

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._access.tls()),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        app = web.Application(client_max_size=16 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=0.2, access_log=None
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.server = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._session.close()

    def hang_up(self) -> None:
        """Cut every connection that waits for something, watches above all."""
        for request in tuple(self._open.values()):
            _hang_up(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self._open[id(request)] = request
        try:
            return await self._told(request)
        finally:
            del self._open[id(request)]

    async def _told(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        seen = Seen(request.method, request.path, dict(request.query), time.monotonic())
        self.log.append(seen)
        fault = self.rule(seen)
        if seen.watches and not (fault and fault.status):
            return await self._stream(request, seen, fault)
        answer = web.Response()
        if fault is None or fault.forward or not (fault.status or fault.drop):
            answer = await self._forwarded(request, body)
        if fault and fault.then:
            await fault.then()
        if fault and fault.drop:
            _hang_up(request)
            return web.Response()
        if fault and fault.status:
            answer = web.Response(
                status=fault.status,
                headers=fault.headers,
                text=fault.body or "{}",
                content_type="application/json",
            )
        seen.status = answer.status
        return answer

    async def _forwarded(self, request: web.Request, body: bytes) -> web.Response:
        async with self._asked(request, body) as answer:
            return web.Response(
                status=answer.status, headers=_passed(answer.headers), body=await answer.read()
            )

    async def _stream(
        self, request: web.Request, seen: Seen, fault: Fault | None
    ) -> web.StreamResponse:
        async with self._asked(request, b"") as answer:
            response = web.StreamResponse(status=answer.status, headers=_passed(answer.headers))
            seen.status = answer.status
            await response.prepare(request)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(fault.after if fault else None) as limit:
                    async for chunk in answer.content.iter_any():
                        # An object on its way when the time comes is cut in two.
                        when = limit.when()
                        late = when is not None and when - asyncio.get_running_loop().time() < 0.2
                        await response.write(chunk[: len(chunk) // 2] if late else chunk)
                        if late:
                            break
            if fault is None:
                return response
            if fault.body:
                await response.write(fault.body.encode())
            _hang_up(request)
            return response

    def _asked(self, request: web.Request, body: bytes) -> "aiohttp.client._RequestContextManager":
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _LEFT_OUT}
        url = URL(self._access.server + request.raw_path, encoded=True)
        return self._session.request(request.method, url, data=body or None, headers=headers)


def _hang_up(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


def _passed(headers: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k.lower() not in _LEFT_OUT}
