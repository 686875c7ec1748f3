"""A running sidecar: who gets through, what the editor sees, and what is told meanwhile."""

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest

from kode.api import layout
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd
from tests.envoy.server import Running, editor, running
from tests.polling import free_port

pytestmark = pytest.mark.attack

USER, PASSWORD = "me", "secret words: ü"


def login(user: str = USER, password: str = PASSWORD) -> dict[str, str]:
    """Return the header of HTTP basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@contextmanager
def sidecar(auth_mode: AuthMode, folder: Path, *, authorization: str = "") -> Iterator[Running]:
    """Run a sidecar with an editor behind it."""
    users = folder / "htpasswd"
    users.write_text(htpasswd(Credentials(USER, PASSWORD, "dev-auth")))
    upstream = Upstream(free_port(), "/healthz", authorization=authorization)
    with (
        editor(upstream.port),
        running(Sidecar(auth_mode, upstream, users_file=str(users)), folder) as found,
    ):
        found.wait_until_ready()
        yield found


@pytest.fixture(scope="module")
def basic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sidecar that asks for user and password."""
    with sidecar(AuthMode.BASIC, tmp_path_factory.mktemp("basic")) as found:
        yield found


def body(response: object) -> bytes:
    """Return what was answered."""
    found = response.body  # type: ignore[attr-defined] # put there by the server's helper
    assert isinstance(found, bytes)
    return found


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, HTTPStatus.UNAUTHORIZED),
        (login(password="wrong"), HTTPStatus.UNAUTHORIZED),
        (login(user="other"), HTTPStatus.UNAUTHORIZED),
        (login(password=""), HTTPStatus.UNAUTHORIZED),
        ({"Authorization": "Basic !"}, HTTPStatus.UNAUTHORIZED),
        ({"Authorization": "Bearer x"}, HTTPStatus.UNAUTHORIZED),
        (login(), HTTPStatus.OK),
    ],
)
def test_only_the_right_password_opens(
    basic: Running, headers: dict[str, str], status: HTTPStatus
) -> None:
    response = basic.ask("/", headers)
    assert response.status == status
    assert ("www-authenticate" in response.headers) == (status == HTTPStatus.UNAUTHORIZED)


def test_the_password_is_not_for_the_editor(basic: Running) -> None:
    seen = {name.lower() for name in json.loads(body(basic.ask("/", login())))}
    assert "authorization" not in seen
    assert "host" in seen


def test_an_editor_with_a_lock_gets_the_sidecars_key_and_nobodys_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(layout.EDITOR_AUTHORIZATION, "Basic a2V5")
    key = f"%ENVIRONMENT({layout.EDITOR_AUTHORIZATION})%"
    with sidecar(AuthMode.BASIC, tmp_path, authorization=key) as found:
        assert found.ask("/").status == HTTPStatus.UNAUTHORIZED
        seen = json.loads(body(found.ask("/", login())))
        assert [it for name, it in seen.items() if name.lower() == "authorization"] == [
            "Basic a2V5"
        ]


@pytest.mark.parametrize(("headers", "answer"), [({}, b"401"), (login(), b"101")])
def test_a_websocket_is_for_those_who_may(
    basic: Running, headers: dict[str, str], answer: bytes
) -> None:
    lines = ["GET /socket HTTP/1.1", "Host: editor", "Connection: Upgrade", "Upgrade: websocket"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", basic.port), timeout=10) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        heard = line.recv(4096)
        assert heard.split(b" ")[1] == answer
        if answer == b"101":
            line.sendall(b"a word\n")
            while b"heard a word" not in heard:
                more = line.recv(4096)
                assert more, heard
                heard += more


def test_a_closed_door_says_what_to_do(tmp_path: Path) -> None:
    with sidecar(AuthMode.DENY, tmp_path) as found:
        for headers in ({}, login()):
            response = found.ask("/", headers)
            assert response.status == HTTPStatus.FORBIDDEN
            assert b"spec.password" in body(response)


def test_before_the_editor_is_up_people_see_that_it_starts(tmp_path: Path) -> None:
    upstream = Upstream(free_port(), "/healthz")
    with running(Sidecar(AuthMode.FILTERS, upstream), tmp_path) as found:
        assert found.ready() == HTTPStatus.SERVICE_UNAVAILABLE
        page = found.ask("/", {"Sec-Fetch-Mode": "navigate"})
        assert page.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert b"Your editor is starting" in body(page)
        assert b"Your editor is starting" not in body(found.ask("/asset.js"))
        with editor(upstream.port):
            found.wait_until_ready()
            assert found.ask("/").status == HTTPStatus.OK


@pytest.mark.parametrize("path", ["/live", "/ready"])
def test_the_health_port_tells_health_and_nothing_else(basic: Running, path: str) -> None:
    health = Running(basic.health, basic.health)
    assert health.ask(path).status == HTTPStatus.OK
    assert health.ask(f"{path}/../").status == HTTPStatus.NOT_FOUND
    assert health.ask("/").status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET " + b"/" * 70000 + b" HTTP/1.1\r\n",
    ],
)
def test_nonsense_ends_its_own_connection_only(basic: Running, request_line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", basic.port), timeout=10) as line:
        line.sendall(request_line)
        line.shutdown(socket.SHUT_WR)
        line.recv(4096)
    assert basic.ask("/", login()).status == HTTPStatus.OK
