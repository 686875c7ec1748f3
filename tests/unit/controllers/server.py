"""A server for faults that a real API server cannot be made to show at will.

Rule: it answers by a script; what an API server really does is shown in tests/cluster.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from kode.kube.client import Client
from kode.kube.transport import Transport, WriteGuard

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TokenIdentity:
    """Somebody with a token, who asks for another one when told to renew it."""

    def __init__(self, server: str, token: Callable[[], str] = lambda: "token") -> None:
        self.server = server
        self._source = token
        self._token = token()

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def server_name(self) -> None:
        """Return that it is the URL's."""

    def proxy(self) -> None:
        """Return that there is none."""

    async def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    async def refresh(self) -> None:
        self._token = self._source()


@asynccontextmanager
async def serving(
    answer: Answer, *, gate: WriteGuard | None = None, token: Callable[[], str] = lambda: "token"
) -> AsyncIterator[Client]:
    """Serve answers on loopback; give a client of that server that repeats at once."""

    async def answered(request: web.Request) -> web.StreamResponse:
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answered)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    transport = Transport(TokenIdentity(url, token), gate, delays=(0.01, 0.01))
    try:
        yield Client(transport, field_manager="kode")
    finally:
        await transport.close()
        await runner.cleanup()
