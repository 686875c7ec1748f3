"""A small editor: serves its folder, and tells when it was started while another one ran.

At `/ticks` it tells the time, a line ten times a second, until the connection ends.

    python -S tiny.py PORT

Each life leaves a line in `lives`, one that met another in `doubles`; a lock of the kernel says so,
which goes with its holder. It leaves behind what a careless terminal leaves: programs in sessions
of their own.

Rule: the standard library only, so that it is there in a moment.
"""

import contextlib
import fcntl
import http.server
import os
import subprocess
import sys
import time
from pathlib import Path

_SLEEPERS = ("nohup sleep 1000 &", "setsid sleep 1000 &", "setsid nohup setsid sleep 1000 &")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        """Tell the time for ever, or serve a file."""
        if self.path != "/ticks":
            super().do_GET()
            return
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(f"{time.time()}\n".encode())
                time.sleep(0.1)

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
