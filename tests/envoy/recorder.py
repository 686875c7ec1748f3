"""A server behind a gateway that keeps every request that reached it, as it was written.

Rule: it judges nothing. A request that is two to one reader and one to another is kept with all its
headers, so that a test sees both framings.
"""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedIOBase

_HEALTH = ("GET /healthz HTTP/1.1", ("user-agent", "Envoy/HC"))


@dataclass
class Request:
    """A request that reached the editor.

    Attributes:
        line: the request line, without its end.
        headers: in order, names in lower case.
        body: what its framing says that belongs to it.
    """

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for key, value in self.headers if key == name]


@dataclass
class Recorder:
    """What reached an editor, but for the gateway's own health checks."""

    requests: list[Request] = field(default_factory=list)

    def take(self) -> list[Request]:
        """Return what has come since the last time."""
        requests, self.requests = self.requests, []
        return requests


@contextmanager
def recording(address: int | str) -> Iterator[Recorder]:
    """Run an editor on a port of loopback or on a Unix socket; it answers with the path."""
    recorder = Recorder()

    class Handler(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            super().setup()
            with suppress(OSError, ValueError):
                while (request := _head(self.rfile)) is not None:
                    if not (request.line == _HEALTH[0] and _HEALTH[1] in request.headers):
                        # At once: a body may never come.
                        recorder.requests.append(request)
                    request.body = _body(self.rfile, request)
                    self.wfile.write(_answer(request))

    with _server(address, Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()


def _server(
    address: int | str, handler: type[socketserver.StreamRequestHandler]
) -> socketserver.ThreadingTCPServer | socketserver.ThreadingUnixStreamServer:
    if isinstance(address, str):
        return socketserver.ThreadingUnixStreamServer(address, handler)
    return socketserver.ThreadingTCPServer(("127.0.0.1", address), handler)


def _head(stream: BufferedIOBase) -> Request | None:
    """Read one request up to its body; None at the end of the connection."""
    line = stream.readline()
    if not line:
        return None
    headers = []
    while (field_line := stream.readline()) not in (b"", b"\r\n", b"\n"):
        name, _, value = field_line.decode("latin-1").partition(":")
        headers.append((name.lower(), value.strip()))
    return Request(line.decode("latin-1").rstrip("\r\n"), tuple(headers))


def _body(stream: BufferedIOBase, request: Request) -> bytes:
    if request.all("transfer-encoding"):
        body = b""
        while size := int(stream.readline().split(b";")[0] or b"0", 16):
            body += stream.read(size)
            stream.readline()
        while stream.readline() not in (b"", b"\r\n"):
            pass
        return body
    return stream.read(int((request.all("content-length") or ["0"])[0]))


def _answer(request: Request) -> bytes:
    if request.all("upgrade"):
        return (
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        )
    target = "" if request.line.startswith("HEAD ") else [*request.line.split(" "), ""][1]
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(target)}\r\n\r\n{target}".encode("latin-1")
