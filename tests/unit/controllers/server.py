"""A server for faults that a real API server cannot be made to show at will.

Rule: it answers by a script; what an API server really does is shown in tests/cluster.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import kopf
from aiohttp import web

from kode.controllers.process.login import Login
from kode.platform.kubernetes.client import Client
from kode.platform.kubernetes.transport import Gate, Transport

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(
    answer: Answer, *, gate: Gate | None = None, token: Callable[[], str] = lambda: "token"
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
    login = Login(lambda: 0.0, lambda: kopf.ConnectionInfo(server=url, token=token()))
    transport = Transport(login, gate, delays=(0.01, 0.01))
    try:
        yield Client(transport)
    finally:
        await transport.close()
        await runner.cleanup()
