"""A port of this machine that leads to a port of a pod, through the API server.

Rule: it listens on loopback alone, on both of its addresses, so that nobody else on this machine
can answer in its place; which port it has is said by whoever listens there already. Each connection
has a WebSocket of its own, so that one that breaks breaks no other.
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from kode.errors import KodeError
from kode.kube.channels import Channels
from kode.kube.resources import ObjectRef
from kode.kube.transport import Request, Transport

_LOG = logging.getLogger(__name__)
_HOSTS = ("127.0.0.1", "::1")
"""A browser may try either for a name below localhost."""
_TRIES = 20
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_CHUNK = 1 << 16
_PROTOCOLS = ("v4.channel.k8s.io",)
_DATA, _ERROR = 0, 1
_PORT_BYTES = 2
"""Each stream begins with the port that it belongs to."""


@dataclass(frozen=True)
class PortForward:
    """A way to a port of a pod."""

    transport: Transport
    pod: ObjectRef
    port: int

    @asynccontextmanager
    async def listen(self, host: str, port: int = 0) -> AsyncIterator[str]:
        """Lead a port of loopback to the pod; give the url that answers until this is left.

        Args:
            host: a name of loopback, for the url.
            port: a port; 0 for any that is free.

        Raises:
            OSError: the port is taken.
        """
        open_now: set[asyncio.Task[None]] = set()

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(reader, writer))
            open_now.add(task)
            task.add_done_callback(open_now.discard)

        listeners = _listeners(port)
        servers = [await asyncio.start_server(serve, sock=it) for it in listeners]
        try:
            yield f"http://{host}:{listeners[0].getsockname()[1]}/"
        finally:
            for server in servers:
                server.close()
            for task in open_now:
                task.cancel()
            await asyncio.gather(*open_now, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._relay(reader, writer)
        except (KodeError, OSError) as error:
            _LOG.warning("%s", error)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = Request(
            "GET", f"{self.pod.path}/portforward", f"reach port {self.port} of {self.pod}"
        )
        params = [("ports", str(self.port))]
        async with self.transport.websocket(request, _PROTOCOLS, params) as socket:
            streams = Channels(socket)
            there = asyncio.create_task(_send(reader, streams))
            back = asyncio.create_task(_receive(streams, writer))
            # Half a connection is no use to a browser: the end of one is the end of both.
            _, left = await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            for result in await asyncio.gather(there, back, return_exceptions=True):
                if isinstance(result, KodeError | OSError):
                    raise result


def _listeners(port: int) -> list[socket.socket]:
    """Return a listening socket for each address of loopback, all of one port."""
    for _ in range(_TRIES):
        first = socket.create_server((_HOSTS[0], port))
        try:
            chosen = first.getsockname()[1]
            second = socket.create_server((_HOSTS[1], chosen), family=socket.AF_INET6)
        except OSError as error:
            if error.errno in _ABSENT:
                return [first]
            first.close()
            if port or error.errno != errno.EADDRINUSE:
                raise
        else:
            return [first, second]
    raise OSError(errno.EADDRINUSE, "no port is free on both loopback addresses")


async def _send(reader: asyncio.StreamReader, streams: Channels) -> None:
    while data := await reader.read(_CHUNK):
        await streams.send(_DATA, data)


async def _receive(streams: Channels, writer: asyncio.StreamWriter) -> None:
    begun: set[int] = set()
    async with aclosing(streams.messages()) as messages:
        async for channel, data in messages:
            rest = data if channel in begun else data[_PORT_BYTES:]
            begun.add(channel)
            if channel == _ERROR and rest:
                _LOG.warning("%s", rest.decode("utf-8", "replace").strip())
                return
            writer.write(rest)
            await writer.drain()
