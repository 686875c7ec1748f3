"""What the programs of the tests inherit, whatever started the tests."""

import subprocess
import sys
from pathlib import Path

# As a shell starts a background job, and nohup and a careful service manager add to it.
STARTED_BADLY = """
import os, signal, subprocess
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
os.umask(0o077)
from tests.conftest import pytest_configure
pytest_configure()
subprocess.run(["sh", "-c", "umask; grep -E 'Sig(Ign|Blk)' /proc/self/status"], check=True)
os.kill(os.getpid(), signal.SIGHUP)
print("goes on", flush=True)
os.kill(os.getpid(), signal.SIGINT)
"""


def test_programs_are_started_as_from_a_terminal_whatever_started_the_tests() -> None:
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", STARTED_BADLY]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    umask, blocked, ignored, after = done.stdout.splitlines()
    assert umask == "0022"
    # Those of the C library itself (32 and 33) may come down from whatever started the tests.
    masks = [int(line.split()[1], 16) & ~(3 << 31) for line in (blocked, ignored)]
    assert masks == [0, 0]
    # As before, nohup protects the tests themselves; Ctrl-C ends them.
    assert after == "goes on"
    assert "KeyboardInterrupt" in done.stderr
