"""Requests written out byte by byte, as no client of Python's would send them."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_TIMEOUT = 10
_UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")


@dataclass(frozen=True)
class Answer:
    """What was answered.

    Attributes:
        status: of the answer; 0 where the connection was closed without one.
        headers: in order, names in lower case.
        body: what came before the connection was closed.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for key, value in self.headers if key == name]

    @property
    def seen(self) -> dict[str, str]:
        """Return the headers that the editor saw, names in lower case."""
        return {name.lower(): value for name, value in json.loads(self.body).items()}


def ask(port: int, *lines: str, line: str = "GET / HTTP/1.1", host: str = "editor") -> Answer:
    """Send a request without a body and read until the connection is closed."""
    named = [f"Host: {host}"] if host else []
    # One Connection header: a test's own stands before it, as that of an upgrade does.
    ended = (
        [] if any(it.lower().startswith("connection:") for it in lines) else ["Connection: close"]
    )
    return send(port, [line, *named, *lines, *ended])


def websocket(port: int, *lines: str, host: str = "editor") -> Answer:
    """Open a WebSocket at the editor and say a word."""
    asked = ["GET /socket HTTP/1.1", f"Host: {host}", *_UPGRADE, *lines]
    return send(port, asked, then=b"a word\n")


@contextmanager
def opened(port: int, *lines: str) -> Iterator[socket.socket]:
    """Open a WebSocket at the editor and keep it open."""
    asked = ["GET /socket HTTP/1.1", "Host: editor", *_UPGRADE, *lines, "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as connection:
        connection.sendall("\r\n".join(asked).encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 101")
        yield connection


def send(port: int, lines: Sequence[str], then: bytes = b"") -> Answer:
    """Send lines and an empty one; read until the answer is whole or the connection closed."""
    has_body = not lines[0].startswith("HEAD ")
    heard = bytearray()
    # A connection that is refused may be so in the middle of either.
    with (
        suppress(ConnectionResetError, BrokenPipeError),
        socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as connection,
    ):
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + then)
        while not _is_whole(bytes(heard), has_body=has_body):
            more = connection.recv(65536)
            if not more:
                break
            heard += more
    return _parsed(bytes(heard))


def _is_whole(heard: bytes, *, has_body: bool) -> bool:
    head, end, body = heard.partition(b"\r\n\r\n")
    if end and not has_body:
        return True
    if not end or head.startswith(b"HTTP/1.1 101"):
        return b"heard a word" in body
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return False


def _parsed(heard: bytes) -> Answer:
    head, _, body = heard.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
    return Answer(int(first.split(" ")[1]) if first else 0, headers, body)
