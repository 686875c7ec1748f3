"""Requests as quick as they come: a server that does next to nothing, and a client that counts.

Rule: bare sockets on both sides, so that little of what is measured is theirs; each side of a
comparison is asked by the same client and answered by the same server.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path

BODY = b"x" * 512
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
_END = b"\r\n\r\n"
_TIMEOUT = 30.0


@dataclass(frozen=True)
class Target:
    """What is asked.

    Attributes:
        request: the whole request.
        socket: path of a Unix socket.
        port: TCP port on loopback, where there is no socket.
    """

    request: bytes
    socket: Path | None = None
    port: int = 0


@dataclass(frozen=True)
class Load:
    """What came of asking.

    Attributes:
        per_second: answers a second.
        waits: seconds of each request, shortest first.
    """

    per_second: float
    waits: list[float]

    def quantile(self, share: float) -> float:
        """Return the seconds within which that share of the requests was answered."""
        return self.waits[ceil(share * len(self.waits)) - 1]


async def load(target: Target, connections: int, seconds: float) -> Load:
    """Ask over some connections, on each one request after the other."""
    until = time.monotonic() + seconds
    async with asyncio.timeout(seconds + _TIMEOUT):
        results = await asyncio.gather(*(_send_requests(target, until) for _ in range(connections)))
    waits = sorted(wait for waits in results for wait in waits)
    return Load(len(waits) / seconds, waits)


async def _send_requests(target: Target, until: float) -> list[float]:
    if target.socket:
        reader, writer = await asyncio.open_unix_connection(target.socket)
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    waits = []
    try:
        while (began := time.monotonic()) < until:
            writer.write(target.request)
            head = await reader.readuntil(_END)
            if not head.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(f"it answered {head[:200]!r}")
            await reader.readexactly(len(BODY))
            waits.append(time.monotonic() - began)
    finally:
        writer.close()
    return waits


@asynccontextmanager
async def server(socket: Path) -> AsyncIterator[None]:
    """Run a server in a process of its own."""
    command = (sys.executable, "-m", "bench.load", str(socket))
    running = await asyncio.create_subprocess_exec(*command)
    try:
        async with asyncio.timeout(_TIMEOUT):
            await _until_answered(socket)
        yield
    finally:
        running.terminate()
        await running.wait()


async def _until_answered(socket: Path) -> None:
    while True:
        if await _answers(socket):
            return
        await asyncio.sleep(0.05)


async def _answers(socket: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    writer.close()
    return True


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 # of a stream server
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        # Requests here have no body, and none is sent before the last is answered.
        if data.endswith(_END):
            self._transport.write(_ANSWER)


async def _serve(socket: str) -> None:
    loop = asyncio.get_running_loop()
    running = await loop.create_unix_server(_Answering, socket)
    await running.serve_forever()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(_serve(sys.argv[1]))
