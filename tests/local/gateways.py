"""A real Envoy as the local platform runs it, and small editors on sockets behind it.

Rule: the program is the product's own, started as it says; only the folder, the port and the
editors are the test's.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from kode.gateway.sidecar import AuthMode as Decides
from kode.gateway.sidecar import Sidecar, Upstream
from kode.platform.local.gateway import LocalGateway, Route
from kode.platform.local.paths import Paths
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd
from tests.polling import free_port, until_async

USER, PASSWORD = "me", "secret words: ü"
USERS = htpasswd(Credentials(USER, PASSWORD, "dev-auth"))
LOGIN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SECONDS = 30.0
LEADS_ON = "leads-on"


@dataclass
class RunningGateway:
    """A gateway that is running, and where its editors' sockets are.

    Attributes:
        door: the gateway.
        paths: its folders.
        port: where people reach it.
        session: what asks.
        envoy: the running program.
        editors: what runs behind it, by name.
        heard: what the editors were asked, `dev GET /path`.
    """

    gateway: LocalGateway
    paths: Paths
    port: int
    session: aiohttp.ClientSession
    envoy: asyncio.subprocess.Process | None = None
    editors: dict[str, web.AppRunner] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def entry(self, name: str, decides: Decides = Decides.FILTERS, **more: Any) -> Route:
        """Return the entry of a running Kode whose editor listens on a socket of its name."""
        upstream = Upstream(0, "/healthz", socket=str(self.paths.root / f"{name}.sock"))
        sidecar = Sidecar(decides, upstream, **more)
        return Route(name, (f"{name}.localhost",), f"default/{name}", "running", sidecar, USERS)

    async def open(self) -> None:
        """Start Envoy as a supervisor does, and wait until it answers."""
        program = self.gateway.program()
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            self.envoy = await asyncio.create_subprocess_exec(
                *program.main.argv,
                env=program.main.env,
                cwd=program.main.cwd,
                stdout=log,
                stderr=log,
            )
        assert program.health
        assert program.health.path == "/ready"
        await until_async(self.ready)

    async def ready(self) -> bool:
        """Tell whether Envoy says that it is ready."""
        return await self.admin("/ready") == "LIVE\n"

    async def admin(self, path: str) -> str:
        """Return what Envoy's admin answers; nothing where it does not."""
        try:
            connector = aiohttp.UnixConnector(str(self.gateway.admin))
            async with (
                aiohttp.ClientSession(connector=connector) as session,
                session.get(f"http://admin{path}") as answer,
            ):
                return await answer.text()
        except aiohttp.ClientError:
            return ""

    async def close(self, *, kill: bool = False) -> None:
        """End Envoy."""
        assert self.envoy
        with suppress(ProcessLookupError):
            self.envoy.kill() if kill else self.envoy.terminate()
        await self.envoy.wait()

    async def move_in(self, name: str) -> None:
        """Start an editor."""
        runner = web.AppRunner(_editor(name, self.heard), shutdown_timeout=0.1)
        await runner.setup()
        await web.UnixSite(runner, str(self.paths.root / f"{name}.sock")).start()
        self.editors[name] = runner

    async def move_out(self, name: str) -> None:
        """Stop an editor."""
        await self.editors.pop(name).cleanup()

    async def ask(
        self, host: str, path: str = "/", method: str = "GET", **headers: str
    ) -> tuple[int, Mapping[str, str], str]:
        """Send a request; header names are given with underscores."""
        async with self.session.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=self.headers(host, headers)
        ) as answer:
            return answer.status, answer.headers, await answer.text()

    async def status(self, host: str, path: str = "/", **headers: str) -> int:
        """Return the status that a request gets."""
        return (await self.ask(host, path, **headers))[0]

    async def until_served(self, name: str, **headers: str) -> None:
        """Wait until a Kode's own editor answers at its host."""

        async def served() -> bool:
            status, _, text = await self.ask(f"{name}.localhost", "/", **headers)
            return status == 200 and f'"editor": "{name}"' in text

        await until_async(served)

    async def websocket(self, name: str, **headers: str) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket to a Kode."""
        url = f"http://127.0.0.1:{self.port}/socket"
        return await self.session.ws_connect(
            url, headers=self.headers(f"{name}.localhost", headers)
        )

    def headers(self, host: str, headers: Mapping[str, str]) -> dict[str, str]:
        """Return headers as a browser on this port would send them."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return {"Host": f"{host}:{self.port}", **named}

    def origin(self, name: str) -> str:
        """Return the origin of a Kode's pages."""
        return f"http://{name}.localhost:{self.port}"


@asynccontextmanager
async def running_gateway(root: Path, *names: str, **options: Any) -> AsyncIterator[RunningGateway]:
    """Start a gateway with a route to an editor of each of these names."""
    port = free_port()
    paths = Paths(root, root / "cache")
    await asyncio.to_thread(root.mkdir, parents=True, exist_ok=True)
    async with aiohttp.ClientSession() as session:
        found = RunningGateway(LocalGateway(paths, port=port, **options), paths, port, session)
        try:
            for name in names:
                await found.move_in(name)
            assert await found.gateway.set_routes([found.entry(name) for name in names]) == {}
            await found.open()
            for name in names:
                await found.until_served(name)
            yield found
        finally:
            if found.envoy and found.envoy.returncode is None:
                await found.close()
            for name in list(found.editors):
                await found.move_out(name)


async def said(opened: aiohttp.ClientWebSocketResponse, word: str) -> str:
    """Say a word on a WebSocket; return the answer."""
    await opened.send_str(word)
    return str(await opened.receive_str(timeout=SECONDS))


def _editor(name: str, heard: list[str]) -> web.Application:
    """Return an editor that tells who it is and what it was asked.

    The bare page of LEADS_ON leads on, as that of code-server and of JupyterLab does. A path that
    ends in `socket` says each word again after its name; `/stream` answers a line at a time for
    ever.
    """

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        heard.append(f"{name} {request.method} {request.path}")
        return await handler(request)

    app = web.Application(middlewares=[note])

    async def echo(request: web.Request) -> web.Response:
        if name == LEADS_ON and request.path == "/" and not request.query_string:
            raise web.HTTPFound("./?folder=home")
        return web.json_response({"editor": name, **request.headers})

    async def words(request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse()
        await opened.prepare(request)
        async for message in opened:
            await opened.send_str(f"{name} heard {message.data}")
        return opened

    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        with suppress(ConnectionError):
            while True:
                await answer.write(f"{name}\n".encode())
                await asyncio.sleep(0.1)
        return answer

    app.router.add_get("/{path:.*}socket", words)
    app.router.add_get("/stream", stream)
    app.router.add_route("*", "/{path:.*}", echo)
    return app
