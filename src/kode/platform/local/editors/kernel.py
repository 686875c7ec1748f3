"""Make the Python of one Kode: an environment in its home, on top of JupyterLab's own.

Rule: the standard library only, and no import of ours: JupyterLab's Python runs it as a file, with
the folder as its argument, before each start. What a person installs lands in their home and
outlives an upgrade of JupyterLab; what JupyterLab brought stays as it was.
"""

import json
import sys
import sysconfig
import venv
from pathlib import Path

_PIP = '#!/bin/sh\nexec "{python}" -m pip "$@"\n'


def main() -> None:
    """Make the environment, or bring it up to date."""
    root = Path(sys.argv[1])
    python = root / "bin" / "python"
    packages = _packages(root)
    if not (python.exists() and packages.is_dir()):
        venv.create(root, symlinks=True)
    _write(packages / "kode_editor.pth", sysconfig.get_path("purelib") + "\n")
    for name in ("pip", "pip3"):
        _write(root / "bin" / name, _PIP.format(python=python))
        (root / "bin" / name).chmod(0o755)
    kernel = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
        "metadata": {"debugger": True},
    }
    place = root / "share" / "jupyter" / "kernels" / "python3"
    place.mkdir(parents=True, exist_ok=True)
    _write(place / "kernel.json", json.dumps(kernel, indent=1) + "\n")


def _packages(root: Path) -> Path:
    names = {"base": str(root), "platbase": str(root)}
    return Path(sysconfig.get_path("purelib", "venv", vars=names))


def _write(file: Path, text: str) -> None:
    if not (file.exists() and file.read_text(encoding="utf-8") == text):
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
