"""A stream or WebSocket on which nobody says a word for long is not cut.

Rule: Envoy's own defaults cut after 15 s (a response) and after 5 min (anything quiet), too long to
wait for here. The same configuration with shorter limits shows that the wait would have been cut.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from tests.envoy.server import HALVES, QUIET, Running, editor, running
from tests.polling import free_port

# The limit that cuts, a pause that would be cut by it, and one so long that whatever else is slow
# here ends before it: who is cut does not wait for its end.
_LIMIT, _PAUSE, _LONG_PAUSE = "0.25s", 1, 20
_HANDSHAKE = (
    b"GET /socket HTTP/1.1\r\nHost: editor\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
)
_WHOLE = b"".join(HALVES)


def _manager(config: dict[str, Any]) -> dict[str, Any]:
    listener = config["static_resources"]["listeners"][0]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def _cuts_what_is_quiet(config: dict[str, Any]) -> None:
    assert _manager(config)["stream_idle_timeout"] == "0s"
    _manager(config)["stream_idle_timeout"] = _LIMIT


def _cuts_what_is_long(config: dict[str, Any]) -> None:
    (host,) = _manager(config)["route_config"]["virtual_hosts"]
    (route,) = host["routes"]
    assert route["route"]["timeout"] == "0s"
    route["route"]["timeout"] = _LIMIT


@contextmanager
def _sidecar(
    folder: Path, change: Callable[[dict[str, Any]], None] | None = None
) -> Iterator[Running]:
    upstream = Upstream(free_port(), "/healthz")
    with (
        editor(upstream.port),
        running(Sidecar(AuthMode.FILTERS, upstream), folder, change) as found,
    ):
        found.wait_until_ready()
        yield found


def _stream(at: Running, pause: int) -> bytes:
    """Return what comes of an answer with a pause in it."""
    with closing(HTTPConnection("127.0.0.1", at.port, timeout=pause + 20)) as connection:
        connection.request("GET", f"{QUIET}{pause}")
        try:
            return connection.getresponse().read()
        except (HTTPException, ConnectionError) as cut:
            return getattr(cut, "partial", b"")


@contextmanager
def _websocket(at: Running) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", at.port), timeout=_LONG_PAUSE + 20) as line:
        line.sendall(_HANDSHAKE)
        assert line.recv(4096).startswith(b"HTTP/1.1 101")
        yield line


def _echo(line: socket.socket) -> bytes:
    """Return what is answered to a word; nothing where the socket is cut."""
    try:
        line.sendall(b"a word\n")
        return line.recv(4096)
    except ConnectionError:
        return b""


def test_a_quiet_stream_and_a_quiet_websocket_go_on(tmp_path: Path) -> None:
    with _sidecar(tmp_path) as found, _websocket(found) as line:
        assert _stream(found, _PAUSE) == _WHOLE
        assert _echo(line) == b"heard a word\n"


def test_with_a_limit_on_quiet_both_would_be_cut(tmp_path: Path) -> None:
    with _sidecar(tmp_path, _cuts_what_is_quiet) as found, _websocket(found) as line:
        assert _stream(found, _LONG_PAUSE) != _WHOLE
        assert _echo(line) == b""


def test_with_a_limit_on_answers_the_stream_would_be_cut(tmp_path: Path) -> None:
    with _sidecar(tmp_path, _cuts_what_is_long) as found:
        assert _stream(found, _LONG_PAUSE) != _WHOLE
