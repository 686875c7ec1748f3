"""A port of this machine that leads to a port of a pod, through the API server.

Rule: it listens on loopback alone, and each connection has a WebSocket of its own, so that one that
breaks breaks no other.

Run as a program: python -m kode.platform.kubernetes.forward --help
"""

import argparse
import asyncio
import contextlib
import logging
import os
import sys
from contextlib import aclosing
from dataclasses import dataclass

from kode.api import ports
from kode.errors import KodeError
from kode.platform.kubernetes import identity
from kode.platform.kubernetes.channels import Channels
from kode.platform.kubernetes.kinds import POD
from kode.platform.kubernetes.objects import Spot
from kode.platform.kubernetes.transport import Request, Transport

_LOG = logging.getLogger(__name__)
_HOST = "127.0.0.1"
_CHUNK = 1 << 16
_PROTOCOLS = ("v4.channel.k8s.io",)
_DATA, _ERROR = 0, 1
_PORT_BYTES = 2
"""Each stream begins with the port that it belongs to."""


@dataclass(frozen=True)
class Forward:
    """A way to a port of a pod."""

    transport: Transport
    pod: Spot
    port: int = ports.SIDECAR_HTTP

    async def serve(self, port: int) -> None:
        """Listen on a port of loopback, until it is cancelled.

        Raises:
            OSError: the port is taken.
        """
        server = await asyncio.start_server(self._connected, _HOST, port)
        async with server:
            await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._carry(reader, writer)
        except (KodeError, OSError) as error:
            _LOG.warning("%s", error)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = Request(
            "GET", f"{self.pod.path}/portforward", f"reach port {self.port} of {self.pod}"
        )
        params = [("ports", str(self.port))]
        async with self.transport.converse(request, _PROTOCOLS, params) as socket:
            streams = Channels(socket)
            there = asyncio.create_task(_up(reader, streams))
            back = asyncio.create_task(_down(streams, writer))
            # Half a connection is no use to a browser: the end of one is the end of both.
            _, left = await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            for result in await asyncio.gather(there, back, return_exceptions=True):
                if isinstance(result, KodeError | OSError):
                    raise result


async def _up(reader: asyncio.StreamReader, streams: Channels) -> None:
    while data := await reader.read(_CHUNK):
        await streams.send(_DATA, data)


async def _down(streams: Channels, writer: asyncio.StreamWriter) -> None:
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


async def _run(options: argparse.Namespace) -> None:
    environment = dict(os.environ)
    if options.kubeconfig:
        environment["KUBECONFIG"] = options.kubeconfig
    access = identity.choose(environment, context=options.context)
    transport = Transport(identity.Person(access, environment), agent="kode")
    try:
        spot = Spot(POD, options.namespace, options.pod)
        await Forward(transport, spot).serve(options.port)
    finally:
        await transport.close()


def main(arguments: list[str]) -> int:
    """Forward a port until the end; return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m kode.platform.kubernetes.forward")
    parser.add_argument("--kubeconfig", help="kubeconfig files, as in KUBECONFIG")
    parser.add_argument("--context", default="", help="a context of the kubeconfig")
    parser.add_argument("--namespace", required=True, help="namespace of the pod")
    parser.add_argument("pod", help="name of the pod")
    parser.add_argument("port", type=int, help="port of this machine")
    logging.basicConfig(format="%(message)s")
    try:
        asyncio.run(_run(parser.parse_args(arguments)))
    except KeyboardInterrupt:
        return 130
    except (KodeError, OSError) as error:
        _LOG.error("error: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
