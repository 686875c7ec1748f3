"""What strangers can use up of a sidecar, and what they cannot."""

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kode.gateway.listener import HEADERS_TIMEOUT, MAX_CONNECTIONS
from tests.envoy import raw
from tests.envoy.server import Running
from tests.envoy.sidecars import COOKIE, SESSION, login, sidecar

pytestmark = pytest.mark.attack

RIGHT = f"Cookie: {COOKIE}={SESSION}"
SMALL_LIMIT = 8


def _few(config: dict[str, Any]) -> None:
    (monitor,) = config["overload_manager"]["resource_monitors"]
    assert monitor["typed_config"]["max_active_downstream_connections"] == MAX_CONNECTIONS
    monitor["typed_config"]["max_active_downstream_connections"] = SMALL_LIMIT


def _soon(config: dict[str, Any]) -> None:
    for listener in config["static_resources"]["listeners"]:
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        assert manager["request_headers_timeout"] == HEADERS_TIMEOUT
        manager["request_headers_timeout"] = "0.5s"


def test_connections_are_limited_and_who_is_in_and_the_kubelet_notice_nothing(
    tmp_path: Path,
) -> None:
    with sidecar(tmp_path, change=_few) as found, ExitStack() as strangers:
        with raw.opened(found.port, RIGHT) as line:
            for _ in range(SMALL_LIMIT * 2):
                address = ("127.0.0.1", found.port)
                strangers.enter_context(socket.create_connection(address, timeout=10))
            assert raw.ask(found.port, login()).status == 0
            line.sendall(b"a word\n")
            assert line.recv(4096) == b"heard a word\n"
            assert found.ready() == 200
        strangers.close()
        _until_served(found)


def test_headers_that_do_not_come_end_their_own_connection(tmp_path: Path) -> None:
    with sidecar(tmp_path, change=_soon) as found, raw.opened(found.port, RIGHT) as line:
        for port in (found.port, found.health):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
                slow.sendall(b"GET / HTTP/1.1\r\nHost: edi")
                assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")
        line.sendall(b"a word\n")
        assert line.recv(4096) == b"heard a word\n"


def test_nobody_else_can_listen_where_a_sidecar_does(tmp_path: Path) -> None:
    with sidecar(tmp_path) as found:
        for port in (found.port, found.health):
            with socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with pytest.raises(OSError, match="in use"):
                    other.bind(("127.0.0.1", port))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "CONNECT", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    ["/", "/ready/", "/ready?x", "/ready/../", "//ready", "/READY", "/live/x", "/stats", "*", ""],
)
def test_the_health_port_answers_nothing_but_health(
    health: Running, method: str, path: str
) -> None:
    answer = raw.ask(health.health, login(), RIGHT, line=f"{method} {path} HTTP/1.1")
    assert answer.status in {400, 404}
    assert SESSION.encode() not in answer.body


def test_the_health_port_opens_no_websocket(health: Running) -> None:
    assert raw.websocket(health.health, RIGHT).status in {403, 404}


@pytest.fixture(scope="module")
def health(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A sidecar whose editor is well."""
    with sidecar(tmp_path_factory.mktemp("health")) as found:
        assert [raw.ask(found.health, line=f"GET {it} HTTP/1.1").status for it in _HEALTH] == [
            200,
            200,
        ]
        yield found


_HEALTH = ("/ready", "/live")


def _until_served(found: Running) -> None:
    for _ in range(1000):
        if raw.ask(found.port, login()).status == 200:
            return
    raise AssertionError("it does not come back")
