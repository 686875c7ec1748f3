"""The folders of volumes.

Rule: what is deleted is only ever a volume's own folder; links in it are never followed.
"""

import os
import shutil
import subprocess
from pathlib import Path


def make(volume: Path, workspace: str = ".") -> None:
    """Make the folder of a volume, and the one that its editor opens.

    Raises:
        OSError: it cannot be made.
    """
    volume.mkdir(mode=0o700, parents=True, exist_ok=True)
    (volume / workspace).mkdir(parents=True, exist_ok=True)


def remove(volume: Path) -> None:
    """Delete a volume's files; nothing to do where there are none.

    Raises:
        OSError: something could not be deleted.
    """
    if volume.is_symlink():
        volume.unlink()
    elif os.path.lexists(volume):
        try:
            shutil.rmtree(volume)
        except PermissionError:
            if not _remove_within_podman(volume):
                raise


def _remove_within_podman(volume: Path) -> bool:
    """Remove files that a container made under user ids which are the user's only there."""
    podman = shutil.which("podman")
    if podman is None or os.geteuid() == 0:
        return False
    argv = [podman, "unshare", "rm", "-rf", "--", str(volume)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0
