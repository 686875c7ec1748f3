"""The door's files and sockets.

Rule: mode 0600 in folders of mode 0700 of our own; a file is replaced in one step, so that Envoy
never reads half of one, and only where it changes, so that Envoy has nothing to read again.
"""

import errno
import os
import socket
import stat
from collections.abc import Collection
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import PlatformError

_PREFIX, _SUFFIX = "door-", ".sock"
_HASH = 16
ADMIN = f"{_PREFIX}admin{_SUFFIX}"


def private(folder: Path) -> Path:
    """Return a folder that only its owner can enter, made where it is missing.

    Raises:
        PlatformError: it is somebody else's, or it is no folder.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # In a folder that all may write in, somebody may have been there first.
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PlatformError(Reason.PLATFORM_ERROR, f"{folder} is not yours: move it away")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
    return folder


def replaced(file: Path, text: str) -> bool:
    """Write a file where it has another text; tell whether it had."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        if file.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    new = file.with_name(f".{file.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(data)
    new.rename(file)
    return True


def socket_of(folder: Path, name: str) -> Path:
    """Return where the inner listener of an id has its socket; short, whatever the id."""
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    return folder / f"{_PREFIX}{digest}{_SUFFIX}"


def sweep(folder: Path, wanted: Collection[Path]) -> None:
    """Remove the sockets of inner listeners that are not wanted any more.

    One at which somebody still listens stays until the next time: Envoy may not have read yet that
    it is to go, and where it is wanted again by then, it would stay without its socket.
    """
    for path in folder.glob(f"{_PREFIX}{'[0-9a-f]' * _HASH}{_SUFFIX}"):
        if path not in wanted and not listens(path):
            path.unlink(missing_ok=True)


def listens(path: Path) -> bool:
    """Tell whether somebody listens at a socket."""
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(path)) not in (errno.ECONNREFUSED, errno.ENOENT)
