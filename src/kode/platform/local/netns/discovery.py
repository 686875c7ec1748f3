"""Finding out what this machine can give a program for a network of its own.

Rule: what is told is what a trial has shown: the same program, around one that ends at once.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from kode.platform.local.netns.network import UPLINKS, Network

_TIMEOUT = 60.0
_RETRY_DELAY = 60.0
# Where an administrator's programs are that a user's PATH may lack.
_PLACES = ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
_INSTALL = (
    "neither slirp4netns nor pasta is installed, which would connect it (on Debian: apt-get "
    "install slirp4netns)"
)
# Root's pasta becomes nobody, who may not enter the network.
_NOT_FOR_ROOT = frozenset({"pasta"})


_GREETING = b"kode"
# Any answer of a resolver is one, also that there is no such name: silence is what is looked for.
_REACH = """
import socket, struct, sys
route = [line.split() for line in open("/proc/net/route")][1:]
gateway = next(it[2] for it in route if it[1] == "00000000")
address = socket.inet_ntoa(struct.pack("<L", int(gateway, 16)))
lines = [line.split() for line in open("/etc/resolv.conf")]
server = next(it[1] for it in lines if it[:1] == ["nameserver"])
query = bytes.fromhex("4b4f01000001000000000000") + b"\\x04kode\\x04test\\x00\\x00\\x01\\x00\\x01"
try:
    with socket.create_connection((address, int(sys.argv[1])), timeout=5) as stream:
        if stream.recv(4) != b"kode":
            raise OSError("another one answered")
except OSError as error:
    sys.exit(f"nothing outside of it is reached: {error}")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
    asked.settimeout(10)
    try:
        asked.sendto(query, (server, 53))
        asked.recv(512)
    except OSError as error:
        sys.exit(f"no name is resolved in it, asked of {server}: {error}")
"""


class NetworkDiscovery:
    """What is known of this machine: tried once, and again in a while where something is amiss."""

    def __init__(self) -> None:
        self._network: Network | None = None
        self._until = 0.0
        self._looking = asyncio.Lock()

    async def network(self) -> Network:
        """Return what a program's own network can be."""
        async with self._looking:
            if self._network is None or time.monotonic() > self._until:
                self._network = await look(os.environ.get("PATH", os.defpath))
                good = not (self._network.why_not or self._network.no_uplink)
                self._until = float("inf") if good else time.monotonic() + _RETRY_DELAY
            return self._network


async def look(path: str) -> Network:
    """Return what a program's own network can be, by trying it.

    Args:
        path: the PATH that what connects it is looked for on, before the usual places.
    """
    why_not = await _try(Network())
    if why_not:
        return Network(why_not=why_not)
    failed = ""
    for name in UPLINKS:
        program = shutil.which(name, path=path + _PLACES)
        if not program or (os.geteuid() == 0 and name in _NOT_FOR_ROOT):
            continue
        network = Network(uplink=program)
        failed = await _try(network)
        if not failed:
            return network
    return Network(no_uplink=failed or _INSTALL)


async def reach(network: Network) -> str:
    """Return what a program in a network with an uplink does not reach; empty where it does.

    Nobody else's server is asked: it is one of the moment on this machine's loopback, which the
    uplink shows at the gateway's address, and the resolver that the machine itself asks.
    """

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_GREETING)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = str(server.sockets[0].getsockname()[1])
        return await _try(network, (sys.executable, "-I", "-S", "-c", _REACH, port))


async def _try(network: Network, command: Sequence[str] = ("true",)) -> str:
    """Return why a program cannot be run in such a network; empty where it can."""
    with tempfile.TemporaryDirectory(prefix="kode-", ignore_cleanup_errors=True) as folder:
        program = await asyncio.create_subprocess_exec(
            *network.argv(Path(folder, "s"), 1),
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.defpath},
            cwd="/",
        )
        try:
            async with asyncio.timeout(_TIMEOUT):
                _, errors = await program.communicate()
        except TimeoutError:
            return f"a trial did not end within {_TIMEOUT:.0f} s"
        finally:
            if program.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    program.kill()
                await program.wait()
    last = errors.decode("utf-8", "replace").strip().splitlines()[-1:]
    return "; ".join(last) or "a trial failed without a message" if program.returncode else ""
