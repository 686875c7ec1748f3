"""Reading a log while it is written and rotated."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from kode.platform.local.shim.log_file import LogFile
from kode.platform.local.supervisor import log_reader


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "dev"
    folder.mkdir()
    return folder / "log"


async def taken(found: AsyncGenerator[str, None], count: int | None = None) -> list[str]:
    seen: list[str] = []
    async with asyncio.timeout(30):
        async for line in found:
            seen.append(line)
            if len(seen) == count:
                break
    return seen


def write(path: Path, text: str, mode: str = "w") -> None:
    with path.open(mode, encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)


def remove(log: Path) -> None:
    log.unlink()
    log.parent.rmdir()


def rotated(log: Path) -> None:
    for number in (3, 2, 1):
        older = log.with_name(f"log.{number - 1}") if number > 1 else log
        if older.exists():
            older.rename(log.with_name(f"log.{number}"))


async def test_older_files_come_first(log: Path) -> None:
    write(log, "5\r\n6")
    write(log.with_name("log.1"), "3\n4\n")
    write(log.with_name("log.2"), "1\n2\n")
    assert await taken(log_reader.read(log, follow=False, tail=None)) == list("123456")
    assert await taken(log_reader.read(log, follow=False, tail=3)) == list("456")
    assert await taken(log_reader.read(log, follow=False, tail=0)) == []


async def test_a_log_that_is_not_there_has_no_lines(log: Path) -> None:
    assert await taken(log_reader.read(log, follow=False, tail=None)) == []


async def test_what_is_no_text_is_shown_all_the_same(log: Path) -> None:
    write(log, b"a\xff\xfeb\n\xc3\xa4\n".decode("utf-8", "surrogateescape"))
    assert await taken(log_reader.read(log, follow=False, tail=None)) == ["a\ufffd\ufffdb", "ä"]


async def test_a_line_is_given_when_it_is_whole(log: Path) -> None:
    write(log, "one\ntw")
    async with aclosing(log_reader.read(log, follow=True, tail=None)) as found:
        assert await taken(found, 1) == ["one"]
    async with aclosing(log_reader.read(log, follow=True, tail=None)) as found:
        assert await anext(found) == "one"
        write(log, "o\n", "a")
        assert await anext(found) == "two"


async def test_a_log_may_come_later(log: Path) -> None:
    async with aclosing(log_reader.read(log, follow=True, tail=5)) as found:
        waiting = asyncio.create_task(taken(found, 1))
        await asyncio.sleep(0.1)
        write(log, "first\n")
        assert await waiting == ["first"]


async def test_no_line_is_lost_or_given_twice_by_a_rotation(log: Path) -> None:
    writer = LogFile(str(log), max_bytes=300)
    count = 400

    async def read_new() -> None:
        for number in range(count):
            writer.write(f"line {number}\n".encode())
            if number % 20 == 0:
                await asyncio.sleep(0.05)

    writer.write(b"begin\n")
    async with aclosing(log_reader.read(log, follow=True, tail=None)) as found:
        assert await anext(found) == "begin"
        writing = asyncio.create_task(read_new())
        seen = await taken(found, count)
        await writing
    # What is rotated out of the last file before anybody looked is gone; the order never is.
    numbers = [int(line.split()[1]) for line in seen]
    assert numbers == sorted(set(numbers))


async def test_several_rotations_between_two_looks_lose_nothing(log: Path) -> None:
    write(log, "1\n")
    async with aclosing(log_reader.read(log, follow=True, tail=None)) as found:
        assert await anext(found) == "1"
        write(log, "2\n", "a")
        rotated(log)
        write(log, "3\n")
        rotated(log)
        write(log, "4\n")
        assert await taken(found, 3) == ["2", "3", "4"]


async def test_following_ends_with_the_log_itself(log: Path) -> None:
    write(log, "last\nwords")
    found = log_reader.read(log, follow=True, tail=None)
    assert await anext(found) == "last"
    remove(log)
    assert await taken(found) == ["words"]
