"""What an install of code-server compiles with.

Rule: a compiler counts as one when it has made a program that runs.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path

from kode.cli.checks.finding import Finding, ok, warn
from kode.cli.checks.said import said

_NEEDED = ("g++", "make", "python3")
_MAKEFILE = """
all: program
\tpython3 -c "import json"
\t./program
program: program.cc
\t$(CXX) -std=c++17 -o program program.cc
"""
_PROGRAM = """
#include <iostream>
#include <string>
int main() { std::string text = "compiled"; std::cout << text << std::endl; }
"""
_LACKS = "code-server is installed without what writes its log files"
_INSTALL = "apt-get install g++ make python3"


async def compiler() -> Finding:
    """Compile a program with what npm does, and run it."""
    missing = [name for name in _NEEDED if not shutil.which(name)]
    if missing:
        return warn("compiler", f"no {', '.join(missing)}: {_LACKS}", _INSTALL)
    with tempfile.TemporaryDirectory(prefix="kode-doctor-") as name:
        await asyncio.to_thread(_write, Path(name))
        # What a compiler that is ended leaves half written goes with the folder.
        make = ["make", "--no-print-directory", "-C", name]
        code, printed = await said(["env", f"TMPDIR={name}", *make])
    lines = [line for line in printed.splitlines() if line.strip()]
    if code:
        error = next(
            (line for line in lines if "error" in line.lower()), (lines or [f"{code}"])[-1]
        )
        return warn("compiler", f"compiles no program that runs: {error}: {_LACKS}", _INSTALL)
    return ok("compiler", f"{', '.join(_NEEDED)}: compiled and ran a program")


def _write(folder: Path) -> None:
    (folder / "Makefile").write_text(_MAKEFILE, encoding="ascii")
    (folder / "program.cc").write_text(_PROGRAM, encoding="ascii")
