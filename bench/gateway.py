"""`make bench-local`: requests through the local gateway beside direct ones, and its memory.

Rule: through the gateway means all of it: the outer listener, the check of origins, the password,
the inner listener. Rounds take turns; what is reported is the median of the rounds.
"""

import argparse
import asyncio
import base64
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from statistics import median

from bench.load import Load, Target, load, server
from bench.metrics import Metric, Report
from bench.program import usage
from kode.gateway.sidecar import AuthMode as Decides
from kode.gateway.sidecar import Sidecar, Upstream
from kode.platform.local.gateway import LocalGateway, Route
from kode.platform.local.paths import Paths
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd

_LOGIN = Credentials("me", "a password", "bench-auth")
_HOST = "kode-0.localhost"
_TIMEOUT = 30.0


@dataclass(frozen=True)
class Options:
    """What is measured.

    Attributes:
        rounds: on each side.
        seconds: of each round.
        connections: at a time.
        kodes: how many are behind it.
    """

    rounds: int
    seconds: float
    connections: int
    kodes: int


async def measure(options: Options, report: Report) -> None:
    """Measure all, telling figures as they come."""
    async with AsyncExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kode-bench-")))
        upstream = root / "editor.sock"
        await stack.enter_async_context(server(upstream))
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        gateway = LocalGateway(Paths(root, root / "cache"), port=port)
        pid = await stack.enter_async_context(_open(gateway))
        direct, through = Target(_request(), socket=upstream), Target(_request(), port=port)
        report.tell(Metric("door_memory_of_0_kodes", usage(pid).rss, "MB"))
        await gateway.set_routes([_entry(number, upstream) for number in range(options.kodes)])
        await _until_served(through)
        report.tell(Metric(f"door_memory_of_{options.kodes}_kodes", usage(pid).rss, "MB"))
        for connections in (options.connections, 1):
            report.tell(*await _compare(direct, through, connections, options))


async def _compare(
    direct: Target, through: Target, connections: int, options: Options
) -> Sequence[Metric]:
    sides: dict[Target, list[Load]] = {direct: [], through: []}
    for number in range(options.rounds):
        order = (direct, through) if number % 2 else (through, direct)
        for target in order:
            sides[target].append(await load(target, connections, options.seconds))

    def figure(name: str, unit: str, value: Callable[[Load], float]) -> Metric:
        ours, floor = (median(map(value, sides[target])) for target in (through, direct))
        return Metric(f"door_{name}_at_{connections}", ours, unit, floor)

    return (
        figure("requests_per_second", "1/s", lambda it: it.per_second),
        figure("p50", "ms", lambda it: it.quantile(0.5) * 1000),
        figure("p99", "ms", lambda it: it.quantile(0.99) * 1000),
    )


def _request() -> bytes:
    login = base64.b64encode(f"{_LOGIN.user}:{_LOGIN.password}".encode()).decode()
    headers = (f"Host: {_HOST}", f"Authorization: Basic {login}", "Sec-Fetch-Site: same-origin")
    return "\r\n".join(("GET / HTTP/1.1", *headers, "", "")).encode()


def _entry(number: int, upstream: Path) -> Route:
    name = f"kode-{number}"
    sidecar = Sidecar(Decides.BASIC, Upstream(0, "/healthz", socket=str(upstream)))
    return Route(
        name, (f"{name}.localhost",), f"default/{name}", "running", sidecar, htpasswd(_LOGIN)
    )


@asynccontextmanager
async def _open(gateway: LocalGateway) -> AsyncIterator[int]:
    program = gateway.program()
    running = await asyncio.create_subprocess_exec(
        *program.main.argv,
        env=program.main.env,
        cwd=program.main.cwd,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _until_served(
            Target(b"GET /ready HTTP/1.1\r\nHost: admin\r\n\r\n", socket=gateway.admin)
        )
        yield running.pid
    finally:
        running.terminate()
        await running.wait()


async def _until_served(target: Target) -> None:
    async with asyncio.timeout(_TIMEOUT):
        while True:
            if await _is_serving(target):
                return
            await asyncio.sleep(0.05)


async def _is_serving(target: Target) -> bool:
    try:
        if target.socket:
            reader, writer = await asyncio.open_unix_connection(target.socket)
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    except OSError:
        return False
    with closing(writer):
        writer.write(target.request)
        status = (await reader.readline()).split()
        return status[1:2] == [str(HTTPStatus.OK.value).encode()]


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--kodes", type=int, default=10)
    options = Options(**vars(parser.parse_args()))
    asyncio.run(measure(options, Report("bench-local")))


if __name__ == "__main__":
    main()
