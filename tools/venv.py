"""Make `.venv` what the lock file says, and nothing when it already is.

Rule: packages are installed by hash only; the project itself is installed in place, with what the
lock brought and without asking an index. Needs nothing but python3.
"""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)

LOCKED = ["--require-hashes", "--requirement", "requirements/dev.txt"]
ITSELF = ["--no-deps", "--no-build-isolation", "--no-index", "--editable", "."]
# What pip installs, and the file that a change of it shows in.
STEPS = (("requirements/dev.txt", LOCKED), ("pyproject.toml", ITSELF))


def digest(path: Path) -> str:
    """The digest of a file's contents."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stamp(source: str) -> Path:
    """Where the digest of a source stands after its step was done."""
    return VENV / f".{Path(source).stem}.sha256"


def current(source: str) -> bool:
    """Whether the step of this source was done for its contents as they are now."""
    done = stamp(source)
    return done.exists() and done.read_text() == digest(ROOT / source)


def create() -> str | None:
    """Create the environment; the reason in words where this python3 cannot."""
    if sys.version_info < OLDEST:
        return "python3 is older than 3.11; name a newer one: make venv PYTHON=python3.12"
    if importlib.util.find_spec("ensurepip") is None:
        return "this python3 cannot make virtual environments; `make deps` installs python3-venv"
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    return None


def install(arguments: list[str]) -> int:
    """Run the environment's pip."""
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    return subprocess.run([*pip, *arguments], cwd=ROOT, check=False).returncode


def main() -> int:
    """Carry out the steps that are not current; the exit status of the first that fails."""
    if not PYTHON.exists() and (reason := create()):
        print(f"venv: {reason}", file=sys.stderr)
        return 1
    for source, arguments in STEPS:
        if current(source):
            continue
        print(f"venv: installing by {source}", flush=True)
        if status := install(arguments):
            return status
        stamp(source).write_text(digest(ROOT / source))
    return 0


if __name__ == "__main__":
    sys.exit(main())
