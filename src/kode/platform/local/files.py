"""Files and folders of the platform's own: private, replaced in one step, locked.

Rule: mode 0600 in folders of mode 0700 of our own. Whoever reads a file while it is written reads
the old one or the new one, never half of one. (The shim has its own: it imports nothing of ours.)
"""

import fcntl
import os
import stat
from pathlib import Path
from typing import IO, Any

from kode.api.conditions import Reason
from kode.errors import PlatformError


def private_dir(folder: Path) -> Path:
    """Return a folder that only its owner can enter, made where it is missing.

    Raises:
        PlatformError: it is somebody else's, or it is no folder.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # In a folder that all may write in, somebody may have been there first.
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PlatformError(Reason.PLATFORM_ERROR, f"{folder} is not yours: move it away")
    if stat.S_IMODE(status.st_mode) & 0o077:
        folder.chmod(0o700)
    return folder


def replace_file(file: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file in one step, in a folder that is there.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    # Of another process another name: two that write at once must not write into one file.
    new = file.with_name(f".{file.name}.{os.getpid()}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(new, flags, mode), "wb") as stream:
            stream.write(text.encode("utf-8", "surrogatepass"))
        new.replace(file)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def write_if_changed(file: Path, text: str, *, rewrite: bool = False, mode: int = 0o600) -> bool:
    """Write a file where it has another text, or in any case; tell whether it was written."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        if file.read_bytes() == data and not rewrite:
            return False
    except FileNotFoundError:
        pass
    replace_file(file, text, mode=mode)
    return True


def try_lock(stream: IO[Any]) -> bool:
    """Lock an open file, until it is closed; return whether it is locked by us now."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
