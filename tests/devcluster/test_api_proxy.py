"""The relay carries bytes both ways, and the end of each way."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from devcluster import api_proxy


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer only when the other side has finished: needs the end to be passed on."""
    request = await reader.read()
    writer.write(request.upper())
    writer.close()


@contextlib.asynccontextmanager
async def relayed(port: int) -> AsyncIterator[int]:
    """The port of a relay to a port."""
    listener = socket.create_server(("127.0.0.1", 0))
    outside = listener.getsockname()[1]
    task = asyncio.create_task(api_proxy.serve(listener.detach(), "127.0.0.1", port))
    try:
        yield outside
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_request_and_its_answer_pass() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, relayed(server.sockets[0].getsockname()[1]) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello" * 100_000)
        writer.write_eof()
        assert await reader.read() == b"HELLO" * 100_000
        writer.close()


async def test_a_server_that_is_not_there_closes_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with relayed(port) as outside:
        reader, writer = await asyncio.open_connection("127.0.0.1", outside)
        assert await reader.read() == b""
        writer.close()
