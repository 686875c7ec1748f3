"""Fetch uv, the installer, by the hash in its lock; nothing where it is there already.

Rule: needs nothing but python3. pip fetches one file and chooses nothing: it resolves no
dependencies, and what it brings must have the hash. Everything else is installed by uv.
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from devcluster.paths import cache_dir
from tools import deps

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements" / "uv.txt"
DOWNLOAD = ["download", "--quiet", "--disable-pip-version-check", "--no-input"]
LOCKED = ["--require-hashes", "--no-deps", "--only-binary=:all:"]


class NoInstallerError(Exception):
    """uv cannot be fetched; the text says what to do."""


def fetch() -> Path:
    """Return a uv of the locked version, fetched where it is not in the cache.

    Raises:
        NoInstallerError: there is no pip to fetch it with, or it cannot be fetched.
    """
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    program = cache_dir() / "bin" / f"uv-{platform.machine()}-{digest}"
    if not runs(program):
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="uv-", dir=program.parent) as folder:
            unpacked = unpack(download(Path(folder)), Path(folder))
            if not runs(unpacked):
                raise NoInstallerError("uv was fetched and does not run on this machine")
            unpacked.replace(program)
    return program


def runs(program: Path) -> bool:
    """Whether the program starts."""
    if not program.exists():
        return False
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


def download(folder: Path) -> Path:
    """Have pip fetch uv's wheel into a folder; return the wheel."""
    # What a user has set for installs does not count; index, proxy and certificates do.
    environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0", "PYTHONPATH": ""}
    locked = [*LOCKED, "--dest", str(folder), "--requirement", str(LOCK)]
    command = [*pip(folder), *DOWNLOAD, *locked]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    wheels = list(folder.glob("uv-*.whl"))
    if done.returncode or not wheels:
        raise NoInstallerError(f"uv cannot be fetched; pip said:\n{done.stderr.strip()}")
    return wheels[0]


def pip(folder: Path) -> list[str]:
    """Return the words that run a pip: python3's own, or that of a new environment in a folder."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("ensurepip") is None and not install_ensurepip():
        raise NoInstallerError(
            "this python3 has neither pip nor ensurepip to fetch uv with; install one of them, "
            "on Debian and its relatives: apt-get install python3-venv"
        )
    own = folder / "pip"
    subprocess.run([sys.executable, "-m", "venv", own], check=True)
    return [str(own / "bin" / "python"), "-m", "pip"]


def install_ensurepip() -> bool:
    """Install Debian's ensurepip where that is possible; tell whether it is there now."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print("uv: apt-get install --yes --no-install-recommends python3-venv", flush=True)
    installed = deps.install(["python3-venv"], os.environ) == 0
    importlib.invalidate_caches()
    return installed and importlib.util.find_spec("ensurepip") is not None


def unpack(wheel: Path, folder: Path) -> Path:
    """Take the program out of its wheel, into a folder."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        program = folder / "uv"
        program.write_bytes(archive.read(name))
    program.chmod(0o755)
    return program
