"""Build the package as its users install it: a wheel in dist/.

Rule: what builds it is locked as everything else is. Needs nothing but python3.
"""

import sys
from pathlib import Path

from tools import uv, venv


def build(target: Path) -> Path:
    """Build the wheel into a folder; return its path.

    Raises:
        tools.uv.NoInstallerError: uv cannot be fetched.
        subprocess.CalledProcessError: it cannot be built; uv has said why.
    """
    locked = ("--build-constraints", venv.BUILD_LOCK, "--python", sys.executable)
    before = set(target.glob("*.whl"))
    for wheel in before:
        wheel.unlink()
    venv.run(uv.fetch(), "build", "--wheel", *locked, "--out-dir", target, venv.ROOT)
    (wheel,) = target.glob("*.whl")
    return wheel


def main() -> int:
    """Build it into dist/ and tell how it is installed."""
    wheel = build(venv.ROOT / "dist").relative_to(venv.ROOT)
    print(f"one machine:  uv tool install './{wheel}[local]'    (or pipx install)")
    print(f"of a cluster: uv tool install './{wheel}[cluster]'")
    return 0


if __name__ == "__main__":
    sys.exit(main())
