"""Install the system packages that are missing, named in lists of one package a line.

Rule: needs nothing but python3, installs nothing that is there, and when it cannot install it
prints the exact command for someone who can. One at a time installs: apt-get waits for the lock of
dpkg, but where its lists or archives are locked it fails.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from devcluster import locks
from devcluster.paths import Store

INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends"]
WAIT_FOR_LOCK = ["-o", "DPkg::Lock::Timeout=300"]


def read_lists(lists: Iterable[Path]) -> list[str]:
    """The packages of the lists that exist, sorted, each once; `#` begins a comment."""
    lines = [line for path in lists if path.exists() for line in path.read_text().splitlines()]
    return sorted({name for line in lines if (name := line.split("#")[0].strip())})


def missing(packages: Iterable[str]) -> list[str]:
    """Those that dpkg does not have installed."""
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package}\n"]
    shown = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in shown.splitlines())
    installed = {package for status, package in rows if status == "installed"}
    return [package for package in packages if package not in installed]


def install(packages: list[str], environment: Mapping[str, str]) -> int:
    """Install with apt; refresh its lists first, since a bare machine has none."""
    with locks.hold(Store.default(), ".deps", "deps: waiting for another install to end"):
        # Another one may have brought them meanwhile.
        absent = missing(packages)
        return _install(absent, environment) if absent else 0


def _install(packages: list[str], environment: Mapping[str, str]) -> int:
    quiet = {**environment, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], [*INSTALL, *packages]):
        asked = [command[0], "-qq", *WAIT_FOR_LOCK, *command[1:]]
        status = subprocess.run(asked, env=quiet, check=False, stdout=subprocess.DEVNULL).returncode
        if status:
            print(f"deps: failed: {' '.join(command)}", file=sys.stderr)
            return status
    return 0


def main(arguments: list[str]) -> int:
    """Install what is missing; 0 where all is there in the end or where dpkg cannot tell."""
    packages = read_lists(map(Path, arguments))
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        print("deps: no apt here; install the like of: " + " ".join(packages), file=sys.stderr)
        return 0
    absent = missing(packages)
    if not absent:
        return 0
    command = " ".join([*INSTALL, *absent])
    if os.geteuid() != 0:
        print(f"deps: run this as root, then try again:\n  {command}", file=sys.stderr)
        return 1
    print(f"deps: {command}", flush=True)
    return install(absent, os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
