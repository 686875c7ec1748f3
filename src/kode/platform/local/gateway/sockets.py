"""The sockets between the outer listener and the inner ones.

Rule: Envoy makes them and leaves them behind; they are taken away here, long after Envoy has read
that they are to go. Taken sooner, one that is wanted again meanwhile would be missing: to Envoy,
which then never saw it go, its listener is as it was.
"""

import re
import time
from collections.abc import Collection
from pathlib import Path

from kode import names

SECONDS_TO_STAY = 60.0
"""How long a socket that nobody wants any more stays."""

_HASH = 16
_INNER = re.compile(rf"door-[0-9a-f]{{{_HASH}}}\.sock")


class Sockets:
    """The sockets of one door.

    Args:
        folder: where they are, perhaps among others.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unwanted: dict[Path, float] = {}

    @property
    def admin(self) -> Path:
        """That of Envoy's admin."""
        return self._folder / "door-admin.sock"

    def inner(self, name: str) -> Path:
        """Return that of the inner listener of an id; short, whatever the id."""
        digest = names.hash_text(name, _HASH)
        return self._folder / f"door-{digest}.sock"

    def sweep(self, wanted: Collection[Path]) -> None:
        """Remove those of inner listeners that nobody has wanted for a while."""
        now = time.monotonic()
        left = [path for path in self._there() if path not in wanted]
        self._unwanted = {path: self._unwanted.get(path, now) for path in left}
        for path, since in self._unwanted.items():
            if now - since >= SECONDS_TO_STAY:
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove all, where no Envoy runs."""
        for path in (*self._there(), self.admin):
            path.unlink(missing_ok=True)

    def _there(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [path for path in self._folder.iterdir() if _INNER.fullmatch(path.name)]
