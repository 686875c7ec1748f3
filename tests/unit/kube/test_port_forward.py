"""A port of this machine that leads to a pod."""

import asyncio
import socket
from urllib.parse import urlsplit

import pytest

from kode.kube.auth import KubeconfigAuth
from kode.kube.config import AuthInfo, Cluster, ContextConfig
from kode.kube.port_forward import PortForward
from kode.kube.resources import POD, ObjectRef
from kode.kube.transport import Transport

pytestmark = pytest.mark.attack

POD_REF = ObjectRef(POD, "team", "dev-0")
LOOPBACK = (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6))


def _forward(unused_tcp_port: int) -> PortForward:
    server = Cluster(server=f"http://127.0.0.1:{unused_tcp_port}")
    nowhere = ContextConfig("nowhere", server, AuthInfo())
    return PortForward(Transport(KubeconfigAuth(nowhere, {}), agent="test"), POD_REF, 8080)


async def test_the_url_is_told_by_whoever_listens_there(unused_tcp_port: int) -> None:
    forward = _forward(unused_tcp_port)
    async with forward.listen("dev.localhost") as url:
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
                async with forward.listen("dev.localhost", port):
                    pytest.fail("it was taken")
    await forward.transport.close()


async def test_two_at_once_have_ports_of_their_own(unused_tcp_port: int) -> None:
    forward = _forward(unused_tcp_port)
    async with forward.listen("a.localhost") as one, forward.listen("b.localhost") as other:
        assert urlsplit(one).port != urlsplit(other).port
    await forward.transport.close()
