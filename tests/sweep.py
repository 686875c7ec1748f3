"""What a run leaves behind, searched for its secrets.

Rule: what is told of a leak is where it is and what stands around it, so that it can be mended;
where a secret may stand is written down by whoever searches, never guessed here.
"""

import os
import stat
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from tests.canaries import forms, parts

_AROUND = 60
_CHUNK = 1 << 20
_OVERLAP = 1 << 10
_POLL_INTERVAL = 0.01
# A program that was just started may not have become what it is to be: it is looked at again.
_LOOKS = 5
# Whoever lives longer may become another program later.
_LOOK_INTERVAL = 50
_PRIVATE = 0o077


@dataclass(frozen=True)
class Leak:
    """A secret where none may be.

    Attributes:
        where: a file, an object, a command.
        around: what stands before it.
    """

    where: str
    around: str

    def __str__(self) -> str:
        return f"{self.where}: ...{self.around}..."


class Search:
    """Looks for the canary, in part or whole, and for other secrets as a whole."""

    def __init__(self, secrets: Iterable[str] = (), *, canary: bool = True) -> None:
        """Look for secrets.

        Args:
            secrets: other than the canary; long enough not to stand anywhere by chance.
            canary: whether the canary is looked for.
        """
        whole = {form for secret in secrets for form in forms(secret)}
        self._sought = tuple(text.encode() for text in whole | (parts() if canary else set()))

    def text(self, where: str, text: str | bytes) -> list[Leak]:
        """Return the leak in a text; none where there is none."""
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        places = [at for sought in self._sought if (at := data.find(sought)) >= 0]
        if not places:
            return []
        at = min(places)
        around = data[max(0, at - _AROUND) : at + 8].decode("utf-8", "replace")
        return [Leak(where, around.replace("\0", " ").replace("\n", " "))]

    def file(self, path: Path) -> list[Leak]:
        """Return the leak in a file, read piece by piece."""
        before = b""
        with path.open("rb") as file:
            while piece := file.read(_CHUNK):
                if leak := self.text(str(path), before + piece):
                    return leak
                before = piece[-_OVERLAP:]
        return []

    def folder(
        self, root: Path, allowed: Sequence[str] = (), without: Sequence[str] = ()
    ) -> list[Leak]:
        """Return the leaks in a folder's files, and in the names of what is in it.

        Args:
            root: the folder.
            allowed: patterns of paths in it at which a secret may stand: in a file that only its
                owner can read.
            without: folders directly in it that are left out.
        """
        left_out = {root / name for name in without}
        return [
            leak for path in _below(root, left_out) for leak in self._entry(path, root, allowed)
        ]

    def _entry(self, path: Path, root: Path, allowed: Sequence[str]) -> list[Leak]:
        name = str(path.relative_to(root))
        found = self.text(f"the name {name}", name)
        with suppress(FileNotFoundError):
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                found += self.text(f"the link {name}", os.fsencode(path.readlink()))
            if not stat.S_ISREG(mode):
                return found
            for leak in self.file(path):
                if not any(fnmatchcase(name, pattern) for pattern in allowed):
                    found.append(leak)
                elif mode & _PRIVATE:
                    found.append(Leak(f"{path}, mode {stat.S_IMODE(mode):o}", leak.around))
        return found


@dataclass
class CommandLines:
    """The command line of every process of this machine, for as long as it is watched.

    Attributes:
        seen: each of them once, with a zero after each word.
    """

    seen: set[bytes] = field(default_factory=set)
    _end: threading.Event = field(default_factory=threading.Event)
    _looks: dict[int, int] = field(default_factory=dict)

    def look(self) -> None:
        """Look at every process that is new, or that has not been looked at for a while."""
        running = {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208
        self._looks = {pid: self._looks.get(pid, 0) + 1 for pid in running}
        for pid, looks in self._looks.items():
            if looks <= _LOOKS or looks % _LOOK_INTERVAL == 0:
                with suppress(OSError):
                    self.seen.add(Path(f"/proc/{pid}/cmdline").read_bytes())

    def _watch(self) -> None:
        while not self._end.is_set():
            self.look()
            time.sleep(_POLL_INTERVAL)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch."""
        self._end.clear()
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    def leaks(self, search: Search) -> list[Leak]:
        """Return the command lines that hold a secret."""
        return [leak for line in tuple(self.seen) for leak in search.text("a command line", line)]


COMMAND_LINES = CommandLines()
"""Those of this test run."""


def told(leaks: Iterable[Leak]) -> str:
    """Return what is said of leaks; empty where there are none."""
    lines = list(dict.fromkeys(map(str, leaks)))
    return "\n".join([f"{len(lines)} secrets where none may be:", *lines]) if lines else ""


def _below(root: Path, without: Collection[Path]) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if Path(folder, name) not in without]
        yield from (Path(folder, name) for name in (*folders, *files))
