"""What can be installed: each editor in one version, each of its parts by hash.

Rule: whatever an install is made from is part of its folder's name, so that an upgrade is a new
folder beside the old one and nothing that runs is changed under its feet.
"""

import hashlib
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import RefNotFound

LOCKS = Path(__file__).parent / "locks"
"""Lock files: names, versions and hashes; where to get them from is the reader's configuration."""

CODE_SERVER = "code-server"
JUPYTERLAB = "jupyterlab"

_RECIPE = "1"
"""Counted up when the same parts are put together in another way."""


@dataclass(frozen=True)
class EditorRelease:
    """One editor that can be installed.

    Attributes:
        name: what people call it.
        version: the only one there is.
        locks: the files in LOCKS that it is installed by.
        space: bytes that must be free for an install, downloads included.
        python: whether it lives in a virtual environment of the Python that installs it.
    """

    name: str
    version: str
    locks: tuple[str, ...]
    space: int
    python: bool = False

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return f"{self.name}-{self.version}-{self._digest()}"

    def _digest(self) -> str:
        parts = [_RECIPE, sys.platform, platform.machine(), *platform.libc_ver()[:1]]
        if self.python:
            parts += [sys.base_prefix, f"{sys.version_info.major}.{sys.version_info.minor}"]
        digest = hashlib.sha256("\0".join(parts).encode())
        for name in self.locks:
            digest.update((LOCKS / name).read_bytes())
        return digest.hexdigest()[:12]


RELEASES = (
    EditorRelease(
        name=CODE_SERVER,
        version="4.139.1",
        locks=("package.json", "package-lock.json", "node.txt"),
        space=1_300_000_000,
    ),
    EditorRelease(
        name=JUPYTERLAB,
        version="4.6.6",
        locks=("jupyterlab.txt",),
        space=900_000_000,
        python=True,
    ),
)


def release(name: str) -> EditorRelease:
    """Return what is installed under a name.

    Raises:
        RefNotFound: there is no such editor.
    """
    for item in RELEASES:
        if item.name == name:
            return item
    names = ", ".join(item.name for item in RELEASES)
    raise RefNotFound(Reason.NOT_FOUND, f"editor {name} does not exist: choose one of {names}")
