"""Make `.venv` what a lock file says, and nothing when it already is.

    python -m tools.venv [dev|local]

`local` is what the product needs to run on one machine, `dev` that and what contributors need.
Rule: the lock alone decides what is installed, whatever an index offers and whatever pip came with
python3: uv, itself fetched by hash, installs exactly the lock's packages by their hashes. Needs
nothing but python3.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from devcluster import locks
from devcluster.paths import Store, cache_dir
from tools import uv

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from kode.platform.local.editors.uv import FLAGS, environment  # noqa: E402 - see the line above

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MIN_VERSION = (3, 11)

# What is asked for: the locks that hold it, the smallest first.
SETS = {"local": ("local", "dev"), "dev": ("dev",)}
# Installing the project itself is a build, whose packages have a lock of their own.
BUILD_LOCK = ROOT / "requirements" / "build.txt"
ITSELF = ("--no-deps", "--build-constraints", str(BUILD_LOCK), "--editable", str(ROOT))


def lock(name: str) -> Path:
    """Return the lock file of a set."""
    return ROOT / "requirements" / f"{name}.txt"


def stamp(name: str) -> Path:
    """Where the digest of what a set was installed from stands."""
    return VENV / f".{name}.sha256"


def digest(name: str) -> str:
    """Return the digest of all that decides what a set is."""
    sources = (lock(name), BUILD_LOCK, ROOT / "pyproject.toml")
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


def is_current(name: str) -> bool:
    """Whether the set is installed as it is now, by itself or as part of a larger one."""
    if not PYTHON.exists():
        return False
    stamps = ((stamp(larger), larger) for larger in SETS[name])
    return any(path.exists() and path.read_text() == digest(larger) for path, larger in stamps)


def install(name: str) -> None:
    """Make `.venv` the set, from nothing or from what it is.

    Raises:
        uv.NoInstallerError: there is no installer to be had.
        subprocess.CalledProcessError: it fails; uv has said why.
    """
    program = uv.fetch()
    for larger in SETS:
        stamp(larger).unlink(missing_ok=True)
    run(program, "venv", "--clear", "--no-project", "--python", sys.executable, VENV)
    run(program, "pip", "sync", *FLAGS, "--python", PYTHON, lock(name))
    run(program, "pip", "install", "--python", PYTHON, *ITSELF)
    stamp(name).write_text(digest(name))


def run(program: Path, *arguments: str | Path) -> None:
    """Run uv, quietly."""
    command = [program, "--quiet", "--cache-dir", cache_dir() / "uv", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment(os.environ), check=True)


def size() -> int:
    """Return the size of `.venv` in MiB, each file once."""
    files = {(it.st_dev, it.st_ino): it.st_size for it in map(os.lstat, VENV.rglob("*"))}
    return round(sum(files.values()) / 2**20)


def main(arguments: Sequence[str]) -> int:
    """Install what is not current; 0 where it is there in the end."""
    name = arguments[0] if arguments else "dev"
    if name not in SETS:
        print(f"venv: {name} is none of {', '.join(SETS)}", file=sys.stderr)
        return 2
    if sys.version_info < MIN_VERSION:
        reason = "python3 is older than 3.11; name a newer one: make venv PYTHON=python3.12"
        print(f"venv: {reason}", file=sys.stderr)
        return 1
    if is_current(name):
        return 0
    # Of this folder: clones install beside each other.
    lock_name = f".venv-{hashlib.sha256(bytes(VENV)).hexdigest()[:12]}"
    with locks.hold(Store.default(), lock_name, "venv: waiting for another install to end"):
        return 0 if is_current(name) else install_and_tell(name)


def install_and_tell(name: str) -> int:
    """Install a set and say how that went; return the exit status."""
    print(f"venv: installing requirements/{name}.txt", flush=True)
    started = time.monotonic()
    try:
        install(name)
    except uv.NoInstallerError as error:
        print(f"venv: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print("venv: not installed; uv says why above", file=sys.stderr)
        return error.returncode
    print(f"venv: {time.monotonic() - started:.1f} s, {size()} MiB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
