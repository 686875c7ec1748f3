"""A port of this machine that leads to a pod."""

import asyncio
import socket
from urllib.parse import urlsplit

import pytest

from kode.platform.kubernetes.forward import Forward
from kode.platform.kubernetes.identity import Person
from kode.platform.kubernetes.kinds import POD
from kode.platform.kubernetes.kubeconfig import Access, Server, User
from kode.platform.kubernetes.objects import Spot
from kode.platform.kubernetes.transport import Transport

pytestmark = pytest.mark.attack

SPOT = Spot(POD, "team", "dev-0")
LOOPBACK = (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6))


def _forward(unused_tcp_port: int) -> Forward:
    server = Server(server=f"http://127.0.0.1:{unused_tcp_port}")
    nowhere = Access("nowhere", server, User())
    return Forward(Transport(Person(nowhere, {}), agent="test"), SPOT)


async def test_the_url_is_told_by_whoever_listens_there(unused_tcp_port: int) -> None:
    forward = _forward(unused_tcp_port)
    async with forward.listening("dev.localhost") as url:
        parts = urlsplit(url)
        assert parts.hostname == "dev.localhost"
        for host, family in LOOPBACK:
            # Nobody else can answer there, whichever address a browser takes.
            with pytest.raises(OSError, match="in use"):
                socket.create_server((host, parts.port or 0), family=family)
            _, writer = await asyncio.open_connection(host, parts.port)
            writer.close()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", parts.port)
    await forward.transport.close()


async def test_a_port_that_somebody_has_on_either_address_is_not_taken(
    unused_tcp_port: int,
) -> None:
    forward = _forward(unused_tcp_port)
    for host, family in LOOPBACK:
        with socket.create_server((host, 0), family=family) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(OSError, match="in use"):
                async with forward.listening("dev.localhost", port):
                    pytest.fail("it was taken")
    await forward.transport.close()


async def test_two_at_once_have_ports_of_their_own(unused_tcp_port: int) -> None:
    forward = _forward(unused_tcp_port)
    async with forward.listening("a.localhost") as one, forward.listening("b.localhost") as other:
        assert urlsplit(one).port != urlsplit(other).port
    await forward.transport.close()
