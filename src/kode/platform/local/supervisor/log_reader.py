"""Reading logs: the lines of a file that is rotated while it is read.

Rule: no line is lost or given twice, whenever the file is rotated; a line is given once it is
whole, at the end of a log that is not followed also without its end.

What is newer is opened before what is older, so a file that moves between two looks is met twice,
never not at all; its inode tells that.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

_SECONDS = 0.2
_MAX_FILES = 9
_CHUNK = 64 * 1024


async def read(path: Path, *, follow: bool, tail: int | None) -> AsyncGenerator[str, None]:
    """Give the lines of a log, the oldest first.

    Args:
        path: its newest file; the older ones are `.1`, `.2` and so on beside it.
        follow: whether to go on with what is still written, until its folder is deleted.
        tail: how many of the last lines to begin with; None for all.
    """
    with ExitStack() as stack:
        reader = _Reader(path, stack)
        for line in await asyncio.to_thread(reader.begin, tail):
            yield line
        while follow:
            has_lines = False
            for line in reader.read_new():
                has_lines = True
                yield line
            if not has_lines:
                if reader.has_started and not path.parent.exists():
                    break
                await asyncio.sleep(_SECONDS)
        remainder = reader.remainder()
        if remainder and tail != 0:
            yield remainder


class _Reader:
    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._path = path
        self._stack = stack
        self._files: list[BinaryIO] = []
        """Those that are still to be read to their end, the oldest first."""
        self._torn = b""

    @property
    def has_started(self) -> bool:
        """Whether there was ever anything to read."""
        return bool(self._files)

    def begin(self, tail: int | None) -> list[str]:
        """Return the lines that are there, or the last of them."""
        lines = deque(self.read_new(), maxlen=tail)
        if tail and self._torn and len(lines) == tail:
            # The line without an end counts, too.
            lines.popleft()
        return list(lines)

    def read_new(self) -> Iterator[str]:
        """Yield the lines that have come since."""
        self._look()
        while self._files:
            yield from self._read_rest(self._files[0])
            if len(self._files) == 1:
                return
            self._files.pop(0).close()

    def remainder(self) -> str:
        """Return the line that has no end."""
        return _text(self._torn)

    def _look(self) -> None:
        last = _inode(self._files[-1]) if self._files else None
        newer: list[BinaryIO] = []
        seen: set[int] = set()
        for number in range(_MAX_FILES + 1):
            path = self._path.with_name(f"{self._path.name}.{number}") if number else self._path
            try:
                file = self._stack.enter_context(path.open("rb"))
            except FileNotFoundError:
                if number:
                    break
                continue
            inode = _inode(file)
            if inode == last or inode in seen:
                file.close()
                if inode == last:
                    break
                continue
            seen.add(inode)
            newer.insert(0, file)
        self._files += newer

    def _read_rest(self, file: BinaryIO) -> Iterator[str]:
        if file.tell() > os.fstat(file.fileno()).st_size:
            # Somebody emptied it.
            file.seek(0)
        while chunk := file.read(_CHUNK):
            *whole, self._torn = (self._torn + chunk).split(b"\n")
            yield from (_text(line) for line in whole)


def _inode(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_ino


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")
