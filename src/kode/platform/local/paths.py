"""Where everything of the local platform is.

Rule: one folder of the user's own, mode 0700; nothing outside of it but the download cache, and
sockets where the folder's path is too long for them.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import PlatformError

_MAX_SOCKET_DIR = 46
"""Bytes; the path of a Unix socket has at most 107, and those of Jupyter's kernels need 61:
`/k-` and 8 digits, `/kernel-` and a UUID, `-ipc-` and a digit."""

_SHORT = Path("/tmp")  # noqa: S108 - whoever makes a folder there makes sure whose it is
"""Not what TMPDIR says: that may be another one when the next platform looks for what runs."""


@dataclass(frozen=True)
class Paths:
    """The folders of one local platform.

    Attributes:
        root: its own folder.
        cache: downloads and installed editors, shared by all platforms of a user.
    """

    root: Path
    cache: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Paths":
        """Return the paths that an environment names.

        KODE_HOME and KODE_CACHE win; else the XDG folders, else ~/.local/share/kode and
        ~/.cache/kode.
        """
        home = Path(environment.get("HOME") or Path.home())
        data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
        cache = Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
        return cls(
            root=Path(environment.get("KODE_HOME") or data / "kode").absolute(),
            cache=Path(environment.get("KODE_CACHE") or cache / "kode").absolute(),
        )

    def check(self) -> None:
        """Refuse a folder that is somebody else's: they would have the passwords, and the editors.

        Raises:
            PlatformError: it is.
        """
        try:
            status = self.root.stat()
        except OSError:
            return  # what it is made in, and whether that works, is seen when it is
        why = ""
        if status.st_uid != os.getuid():
            why = f"belongs to user {status.st_uid}, and you are {os.getuid()}"
        elif status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
            why = "can be written by every user of this machine (run chmod go-w on it)"
        if why:
            raise PlatformError(
                Reason.PLATFORM_ERROR, f"{self.root} {why}: set KODE_HOME to a folder of your own"
            )

    @property
    def store(self) -> Path:
        """The database."""
        return self.root / "kode.db"

    @property
    def run(self) -> Path:
        """What is true only while processes run: their records, Envoy's files."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """Logs: one folder an instance, `platform` for the platform's own."""
        return self.root / "logs"

    @property
    def editors(self) -> Path:
        """Installed editors and what they need."""
        return self.cache / "editors"

    @property
    def sockets(self) -> Path:
        """Unix sockets: in `run`, or where that is too long, in a folder of the user's own."""
        if len(os.fsencode(self.run)) <= _MAX_SOCKET_DIR:
            return self.run
        mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return _SHORT / f"kode-{os.getuid()}-{mark}"

    def volume(self, namespace: str, claim: str) -> Path:
        """Return the folder of a claim's files."""
        return self.root / "volumes" / namespace / claim

    def log(self, instance: str) -> Path:
        """Return the log file of a program."""
        return self.logs / instance / "log"
