"""A log of bounded size: `log`, and the older `log.1`, `log.2`, `log.3`.

Rule: what a program printed, as it printed it, with no prefix; the newest lines are at the end of
`log`, older files have higher numbers, and no line is cut in two by a rotation. Writing never
raises: what cannot be written is dropped, and a line says so once there is room again.
"""

import os
import time

MAX_BYTES = 5 * 1024 * 1024
OLDER = 3
_LOOK_SECONDS = 1.0
"""How often to look whether the file is still where it should be."""


class LogFile:
    """A rotated log.

    Attributes:
        trouble: why the last write failed; empty where it did not.
    """

    def __init__(self, path: str, max_bytes: int = MAX_BYTES) -> None:
        self.trouble = ""
        self._path = path
        self._most = max_bytes
        self._fd: int | None = None
        self._size = 0
        self._lost = 0
        self._looked = 0.0

    def write(self, data: bytes) -> None:
        """Add what was printed."""
        if self._size >= self._most:
            cut = data.find(b"\n") + 1
            if cut or self._size >= 2 * self._most:
                self._add(data[:cut])
                self._rotate()
                data = data[cut:]
        self._add(data)

    def _add(self, data: bytes) -> None:
        if not data:
            return
        written = 0
        try:
            fd = self._open()
            if self._lost:
                note = f"\n[kode: {self._lost} bytes of output are lost: {self.trouble}]\n"
                self._size += _write_all(fd, note.encode())
                self._lost = 0
            while written < len(data):
                count = os.write(fd, data[written:])
                written += count
                self._size += count
        except OSError as error:
            self.trouble = error.strerror or str(error)
            self._lost += len(data) - written
            self._close()
        else:
            self.trouble = ""

    def _open(self) -> int:
        """Return the file, made again where it or its folder has vanished."""
        now = time.monotonic()
        if self._fd is not None and now - self._looked > _LOOK_SECONDS:
            self._looked = now
            try:
                here = os.stat(self._path).st_ino == os.fstat(self._fd).st_ino
            except OSError:
                here = False
            if not here:
                self._close()
        if self._fd is None:
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._fd = os.open(self._path, flags, 0o600)
            self._size = os.fstat(self._fd).st_size
            self._looked = now
        return self._fd

    def _rotate(self) -> None:
        self._close()
        for number in range(OLDER, 0, -1):
            older = f"{self._path}.{number - 1}" if number > 1 else self._path
            try:
                os.rename(older, f"{self._path}.{number}")
            except OSError:
                continue
        self._size = 0

    def _close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _write_all(fd: int, data: bytes) -> int:
    """Write all of a short text, or nothing of it."""
    count = os.write(fd, data)
    if count < len(data):
        os.ftruncate(fd, os.fstat(fd).st_size - count)
        raise OSError(28, "No space left on device")
    return count
