"""The door's files.

Rule: mode 0600 in folders of mode 0700 of our own; a file is replaced in one step, so that Envoy
never reads half of one, and only where it changes, so that Envoy has nothing to read again.
"""

import os
import stat
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import PlatformError


def private_dir(folder: Path) -> Path:
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


def write_if_changed(file: Path, text: str, *, rewrite: bool = False) -> bool:
    """Write a file where it has another text, or in any case; tell whether it was written."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        if file.read_bytes() == data and not rewrite:
            return False
    except FileNotFoundError:
        pass
    new = file.with_name(f".{file.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(data)
    new.rename(file)
    return True
