"""How JupyterLab is put together from PyPI.

Rule: wheels only, by hash, in a virtual environment of its own that is never added to; what a
user installs goes into an environment in their home, on top of it (see kernel.py).
"""

import asyncio
import os
import sys
from pathlib import Path

from kode.platform.local.editors.editor import Editor
from kode.platform.local.editors.install_context import InstallContext


async def _environment(build: InstallContext) -> None:
    await build.run(sys.executable, "-m", "venv", "--without-pip", str(build.work / "venv"))


async def _packages(build: InstallContext) -> None:
    await build.install("jupyterlab.txt", python=_python(build.work))


async def _tidy(build: InstallContext) -> None:
    await asyncio.to_thread(_rewrite_shebangs, build)


STEPS = (
    ("Python environment", _environment),
    ("JupyterLab", _packages),
    ("tidying up", _tidy),
)


def editor(version: str, root: Path) -> Editor:
    """Return the editor that stands in a folder."""
    # -P: a file json.py in a user's folder is not what JupyterLab means by json.
    argv = (str(_python(root)), "-P", "-m", "jupyterlab")
    return Editor(name="jupyterlab", version=version, argv=argv, root=root)


def _python(root: Path) -> Path:
    return root / "venv" / "bin" / "python"


def _rewrite_shebangs(build: InstallContext) -> None:
    """Have the scripts name the folder that they will stand in."""
    old, new = os.fsencode(build.work), os.fsencode(build.final)
    for path in (build.work / "venv" / "bin").iterdir():
        if path.is_file() and not path.is_symlink() and old in (text := path.read_bytes()):
            # A new file: the old one may be one with what is in the cache of downloads.
            mode = path.stat().st_mode
            path.unlink()
            path.write_bytes(text.replace(old, new))
            path.chmod(mode)
