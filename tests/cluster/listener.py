"""A server on an address of the node that pods may try to reach.

Rule: the address is there for the time of the test only. Without one, "cannot be reached" would be
said of an address where nobody is.
"""

import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

TEXT = "you should not be here"


class _Teller(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(TEXT.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(address: str, port: int) -> Iterator[None]:
    """Answer on an address of the network that this process is in, which is the node's."""
    if os.environ.get("KODE_TEST_CLUSTER") == "existing":
        pytest.skip("the network of an existing cluster's node is not ours to change")
    subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    try:
        with http.server.ThreadingHTTPServer((address, port), _Teller) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()
    finally:
        subprocess.run(["ip", "address", "del", f"{address}/32", "dev", "lo"], check=True)
