"""Run a program so that it ends with its starter: the first argument is that one's pid.

Rule: the standard library only, and no import of ours: it is run as a file. Everything that the
program starts is in one process group, and the group dies when the starter does.
"""

import ctypes
import os
import signal
import subprocess
import sys
from types import FrameType

_PR_SET_PDEATHSIG = 1


def _end(_number: int, _frame: FrameType | None) -> None:
    os.killpg(0, signal.SIGKILL)


def main() -> int:
    """Run the program that the arguments name; its exit status."""
    starter, *argv = sys.argv[1:]
    signal.signal(signal.SIGTERM, _end)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(starter):
        return 1  # it ended before the line above
    try:
        return subprocess.run(argv, check=False, stdin=subprocess.DEVNULL).returncode & 0xFF
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        return 127


if __name__ == "__main__":
    sys.exit(main())
