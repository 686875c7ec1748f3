"""The door of a Kode: HTTP and WebSocket as a browser speaks them.

Rule: nothing is followed, retried or remembered by itself; what was answered is what is returned.
"""

import json
import os
import re
import socket
import struct
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx2
from httpx2 import websockets

TIMEOUT = httpx2.Timeout(20, connect=2)
REFUSED = 0
"""Instead of a status code: the connection was refused, reset or cut."""


@dataclass(frozen=True)
class Door:
    """A client at one address, without a memory for cookies."""

    http: httpx2.Client

    @classmethod
    @contextmanager
    def at(cls, base: str) -> Iterator[Self]:
        """Yield a client at an address."""
        with httpx2.Client(base_url=base, trust_env=False, timeout=TIMEOUT) as http:
            yield cls(http)

    @property
    def base(self) -> str:
        """The address, without a slash at its end."""
        return str(self.http.base_url).rstrip("/")

    def wait_until_routed(self, seconds: float = 30) -> None:
        """Wait until the cluster has learnt where the pod is, which it does after it is ready."""
        deadline = time.monotonic() + seconds
        while self.status("/") == REFUSED and time.monotonic() < deadline:
            time.sleep(0.05)

    def get(
        self, where: str = "/", *, login: tuple[str, str] | None = None, **headers: str
    ) -> httpx2.Response:
        """Ask for a page."""
        self.http.cookies.clear()
        return self.http.get(where, auth=login, headers=headers)

    def wait_until_admitted(self, login: tuple[str, str], seconds: float = 30) -> None:
        """Wait until a login counts that is on its way."""
        deadline = time.monotonic() + seconds
        while self.status("/", login=login) != httpx2.codes.OK:
            assert time.monotonic() < deadline, f"{login[0]} is not let in"
            time.sleep(0.1)

    def status(self, where: str = "/", login: tuple[str, str] | None = None) -> int:
        """Return the status code of a page; REFUSED where there was no answer."""
        try:
            return self.get(where, login=login).status_code
        except httpx2.TransportError:
            return REFUSED

    def socket(self, login: tuple[str, str] | None = None, **headers: str) -> int:
        """Return the status code of asking for the editor's own WebSocket: 101 where it opens."""
        try:
            with self._opened(login, headers):
                return httpx2.codes.SWITCHING_PROTOCOLS
        except websockets.WebSocketUpgradeError as refused:
            return refused.response.status_code

    def talk(self, login: tuple[str, str] | None = None, **headers: str) -> Mapping[str, Any]:
        """Greet the editor's server on its WebSocket; what it answers."""
        with self._opened(login, headers) as session:
            session.send_bytes(_frame({"type": "auth", "auth": "0" * 20, "data": "hello"}))
            return _unframe(session.receive_bytes(timeout=20))

    @contextmanager
    def _opened(
        self, login: tuple[str, str] | None, headers: Mapping[str, str]
    ) -> Iterator[websockets.WebSocketSession]:
        # The server takes sockets at the folder of its build, which every page names.
        page = self.get("/", login=login, **headers).text
        build = re.search(r"[a-z]+-[0-9a-f]{40}", page)
        where = f"/{build[0] if build else 'stable-' + '0' * 40}"
        query = {"reconnectionToken": str(uuid.uuid4()), "reconnection": "false"}
        self.http.cookies.clear()
        with self.http.websocket(
            f"{self.base}{where}".replace("http", "ws", 1),
            params={**query, "skipWebSocketFrames": "false"},
            headers={"origin": self.base, **headers},
            auth=login,
        ) as session:
            yield session


@contextmanager
def address(service: Mapping[str, Any]) -> Iterator[str]:
    """Yield the base URL of a Service: its cluster IP, or a forwarded port."""
    meta, spec = service["metadata"], service["spec"]
    if os.environ.get("KODE_TEST_CLUSTER") != "existing":
        yield f"http://{spec['clusterIP']}"
        return
    port = _free_port()
    target = ["-n", meta["namespace"], f"service/{meta['name']}", f"{port}:80"]
    process = subprocess.Popen(
        ["kubectl", "port-forward", *target], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert "Forwarding" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _frame(message: Mapping[str, Any]) -> bytes:
    # Type 2 is a control message; then its number, the last one seen, and its length.
    body = json.dumps(message).encode()
    return struct.pack(">BIII", 2, 0, 0, len(body)) + body


def _unframe(data: bytes) -> Mapping[str, Any]:
    _, _, _, length = struct.unpack(">BIII", data[:13])
    found: Mapping[str, Any] = json.loads(data[13 : 13 + length])
    return found
