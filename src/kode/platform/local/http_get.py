"""One HTTP request to a program of this machine, over its Unix socket or its port.

Rule: standard library only; the connection is used once, and cut as soon as enough was read.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path


@contextlib.asynccontextmanager
async def get(
    path: str, *, socket: Path | None = None, port: int | None = None
) -> AsyncGenerator[asyncio.StreamReader]:
    """Send GET, and give the stream from which the answer is read, from its first line on.

    Args:
        path: path and query.
        socket: a Unix socket.
        port: a TCP port on loopback, where there is no socket.

    Raises:
        OSError: nobody listens there.
    """
    if socket is not None:
        reader, writer = await asyncio.open_unix_connection(socket)
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        request = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kode\r\n"
            "Accept: */*\r\nConnection: close\r\n\r\n"
        )
        writer.write(request.encode())
        yield reader
    finally:
        # Nobody waits for the rest.
        writer.transport.abort()


async def get_status(path: str, *, socket: Path | None = None, port: int | None = None) -> int:
    """Return the status of the answer to GET.

    Raises:
        OSError: nobody listens there, or the connection was closed without an answer.
        ValueError: the answer is not HTTP.
    """
    async with get(path, socket=socket, port=port) as reader:
        line = await reader.readline()
    if not line:
        raise OSError("the connection was closed without an answer")
    version, _, rest = line.partition(b" ")
    code = rest.split(None, 1)[0] if rest.strip() else b""
    if not version.startswith(b"HTTP/") or not code.isdigit():
        raise ValueError(f"the answer is not HTTP: {line[:80]!r}")
    return int(code)
