"""The compiler that an install of code-server needs.

Rule: a compiler is ok when it has compiled a program that runs.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path

from kode.cli.checks.capture import capture_output
from kode.cli.checks.result import CheckResult, ok, warn

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
_CONSEQUENCE = "code-server would be installed without its log writer"
_INSTALL = "install them, for example: apt-get install g++ make python3"


async def compiler() -> CheckResult:
    """Compile a program with the tools that npm uses, and run it."""
    missing = [name for name in _NEEDED if not shutil.which(name)]
    if missing:
        return warn("compiler", f"{', '.join(missing)} not found: {_CONSEQUENCE}", _INSTALL)
    with tempfile.TemporaryDirectory(prefix="kode-doctor-") as name:
        await asyncio.to_thread(_write, Path(name))
        # What a killed compiler leaves behind is deleted with the folder.
        make = ["make", "--no-print-directory", "-C", name]
        code, printed = await capture_output(["env", f"TMPDIR={name}", *make])
    lines = [line for line in printed.splitlines() if line.strip()]
    if code:
        error = next(
            (line for line in lines if "error" in line.lower()), (lines or [f"{code}"])[-1]
        )
        return warn(
            "compiler", f"cannot compile a program that runs: {error}: {_CONSEQUENCE}", _INSTALL
        )
    return ok("compiler", f"{', '.join(_NEEDED)}: compiled and ran a program")


def _write(folder: Path) -> None:
    (folder / "Makefile").write_text(_MAKEFILE, encoding="ascii")
    (folder / "program.cc").write_text(_PROGRAM, encoding="ascii")
