"""A small editor: serves its folder, and tells when it was started while another one ran.

    python -S tiny.py PORT

Each life leaves a line in `lives`, one that met another in `doubles`; a lock of the kernel says so,
which goes with its holder. It leaves behind what a careless terminal leaves: programs in sessions
of their own.

Rule: the standard library only, so that it is there in a moment.
"""

import fcntl
import http.server
import os
import subprocess
import sys
from pathlib import Path

_SLEEPERS = ("nohup sleep 1000 &", "setsid sleep 1000 &", "setsid nohup setsid sleep 1000 &")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main(port: int) -> None:
    """Serve until ended."""
    lock = os.open("lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _note("doubles")
        sys.exit("another one runs")
    _note("lives")
    for line in _SLEEPERS:
        subprocess.run(["sh", "-c", f"{line} exit"], stderr=subprocess.DEVNULL, check=True)
    http.server.ThreadingHTTPServer(("127.0.0.1", port), _Quiet).serve_forever()


def _note(name: str) -> None:
    with Path(name).open("a") as file:
        file.write(f"{os.getpid()}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
