"""Requests of programs that mean no harm, through the gateway of the local platform."""

import asyncio
from pathlib import Path

import pytest

from kode.gateway.sidecar import AuthMode as Decides
from tests.envoy import raw
from tests.local.gateways import LOGIN, running_gateway

_OFFER = ("Connection: Upgrade", "Upgrade: TLS/1.2")
_H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("GET / HTTP/1.0", ()),
        ("GET / HTTP/1.1", _OFFER),
        ("GET / HTTP/1.1", _H2C),
    ],
)
async def test_they_are_answered_as_the_plain_request(
    tmp_path: Path, line: str, lines: tuple[str, ...]
) -> None:
    async with running_gateway(tmp_path) as found:
        await found.move_in("dev")
        assert await found.gateway.set_routes([found.entry("dev", Decides.BASIC)]) == {}
        await found.until_served("dev", Authorization=LOGIN)
        for host in ("dev.localhost", "localhost", "127.0.0.1", "unknown.localhost"):
            where = f"{host}:{found.port}"
            for given in ((), (f"Authorization: {LOGIN}",), (f"authorization: basic {LOGIN[6:]}",)):
                plain = await asyncio.to_thread(raw.ask, found.port, *given, host=where)
                harmless = await asyncio.to_thread(
                    raw.ask, found.port, *given, *lines, line=line, host=where
                )
                assert harmless.status == plain.status, where
        nowhere = await asyncio.to_thread(raw.ask, found.port, line="GET / HTTP/1.0", host="")
        assert nowhere.status == 200
        assert b"Kode runs here" in nowhere.body
