"""kode.platform.local.http_get, asked of real servers over a socket and a port."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kode.platform.local.http_get import get, get_status


@asynccontextmanager
async def server(place: Path, answer: bytes) -> AsyncGenerator[list[bytes]]:
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(serve, place):
        yield requests


async def test_status_and_page_are_read_over_a_socket(tmp_path: Path) -> None:
    place = tmp_path / "s"
    async with server(place, b"HTTP/1.1 204 No Content\r\n\r\nrest") as requests:
        assert await get_status("/a?b", socket=place) == 204
        async with get("/a?b", socket=place) as reader:
            assert (await reader.read()).endswith(b"rest")
    assert [line.partition(b"\r\n")[0] for line in requests] == [b"GET /a?b HTTP/1.1"] * 2


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1\r\n", b"HTTP/1.1 ok\r\n"])
async def test_what_is_not_http_is_said_so(tmp_path: Path, answer: bytes) -> None:
    async with server(tmp_path / "s", answer):
        with pytest.raises(ValueError, match="the answer is not HTTP"):
            await get_status("/", socket=tmp_path / "s")


async def test_silence_is_no_answer(tmp_path: Path) -> None:
    async with server(tmp_path / "s", b""):
        with pytest.raises(OSError, match="closed without an answer"):
            await get_status("/", socket=tmp_path / "s")
    with pytest.raises(OSError, match="No such file"):
        await get_status("/", socket=tmp_path / "none")
