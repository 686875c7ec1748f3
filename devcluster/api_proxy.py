"""Carries connections from the host's loopback to the API server inside.

The listening socket was made outside and comes as an open file; connections to
the API server are made inside. The process lives with the cluster and dies with it.
"""

import asyncio
import contextlib
import socket
import sys

CHUNK = 256 * 1024


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction, and pass on that it has ended."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


async def connect(
    outside: tuple[asyncio.StreamReader, asyncio.StreamWriter], host: str, port: int
) -> None:
    """Serve one connection until both directions have ended."""
    reader, writer = outside
    with contextlib.suppress(OSError):
        inner_reader, inner_writer = await asyncio.open_connection(host, port)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
        inner_writer.close()
    writer.close()


async def serve(descriptor: int, host: str, port: int) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await connect((reader, writer), host, port)

    listener = socket.socket(fileno=descriptor)
    server = await asyncio.start_server(accept, sock=listener, limit=CHUNK)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
