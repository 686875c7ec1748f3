"""A sidecar that follows its files: what changes, what stays, and what Envoy says."""

import socket
import time
from contextlib import closing
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from kode.evaluate.sidecar_log import Verdict
from kode.gateway import passthrough
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd
from tests.envoy.followed import Files, following
from tests.envoy.server import QUIET, Running, editor
from tests.envoy.sidecars import COOKIE, token
from tests.polling import free_port, until

_TYPES = "type.googleapis.com/envoy.extensions.filters.http"
OLD, NEW = "old words", "new words"


def _users(password: str) -> dict[str, Any]:
    session = f"{password:x<43}"
    given = Credentials("me", password, "dev-auth")
    return {"htpasswd": htpasswd(given, session), "session": session}


def _sidecar(files: Path, port: int, *filters: dict[str, Any]) -> Sidecar:
    own: Any = {
        "users_file": f"{files}/htpasswd",
        "session_file": f"{files}/session",
        "cookie": COOKIE,
    }
    found = passthrough.filters(filters)
    return Sidecar(AuthMode.BASIC, Upstream(port, "/healthz"), http_filters=found, **own)


def _adding(name: str) -> dict[str, Any]:
    script = f"function envoy_on_request(it) it:headers():add('x-{name}', 'yes') end"
    config = {"@type": f"{_TYPES}.lua.v3.Lua", "default_source_code": {"inline_string": script}}
    return {"name": name, "typed_config": config}


def _status(door: Running, password: str) -> int:
    header = {"Authorization": f"Basic {token('me', password)}"}
    return int(door.ask(headers=header).status)


def _seen(door: Running, password: str = OLD) -> str:
    answer: Any = door.ask(headers={"Authorization": f"Basic {token('me', password)}"})
    return str(answer.body)


@pytest.fixture
def followed(tmp_path: Path) -> Any:
    port = free_port()
    base = _sidecar(tmp_path / "files", port)
    with editor(port), following(tmp_path, base, **_users(OLD)) as (door, files):
        door.wait_until_ready()
        yield door, files, base


Followed = tuple[Running, Files, Sidecar]


def test_a_new_password_counts_at_once_and_the_old_one_no_more(followed: Followed) -> None:
    door, files, base = followed
    assert files.wait_for("0") == Verdict()
    assert (_status(door, OLD), _status(door, NEW)) == (200, 401)
    files.put(base, "1", **_users(NEW))
    assert files.wait_for("1") == Verdict()
    assert (_status(door, OLD), _status(door, NEW)) == (401, 200)


def test_what_was_open_before_is_cut(followed: Followed) -> None:
    door, files, base = followed
    with closing(socket.create_connection(("127.0.0.1", door.port))) as open_before:
        words = (
            f"GET {QUIET}20 HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {token('me', OLD)}\r\n\r\n"
        )
        open_before.sendall(words.encode())
        assert b"one half" in _read_until(open_before, b"one half")
        files.put(base, "1", **_users(NEW))
        began = time.monotonic()
        open_before.settimeout(15)
        assert b"other half" not in _rest(open_before)
        assert time.monotonic() - began < 15


def test_a_filter_comes_and_goes(followed: Followed) -> None:
    door, files, base = followed
    assert "x-mark" not in _seen(door)
    files.put(replace(base, http_filters=(_adding("mark"),)), "1", **_users(OLD))
    assert files.wait_for("1") == Verdict()
    assert "x-mark" in _seen(door)
    files.put(base, "2", **_users(OLD))
    files.wait_for("2")
    assert "x-mark" not in _seen(door)


@pytest.mark.parametrize(
    ("filters", "clusters", "words"),
    [
        (
            [{"name": "r", "typed_config": {"@type": f"{_TYPES}.rbac.v3.RBAC", "polices": {}}}],
            [],
            "no such field: 'polices'",
        ),
        ([{"name": "r", "typed_config": {"@type": f"{_TYPES}.no.v3.Such"}}], [], "no filter"),
        ([_adding("other")], [{"name": "opa", "typo": 1}], "clusters[0]"),
        ([], [{"name": "opa", "connect_timeout": "soon"}], "clusters[0]"),
        (
            [_adding("other")],
            [{"name": "opa", "connect_timeout": "-2s"}],
            "Invalid duration: Expected positive duration",
        ),
    ],
)
def test_what_envoy_refuses_is_told_and_the_one_before_it_guards(
    followed: Followed, filters: list[Any], clusters: list[Any], words: str
) -> None:
    door, files, base = followed
    marked = replace(base, http_filters=(_adding("mark"),))
    files.put(marked, "1", **_users(OLD))
    assert files.wait_for("1") == Verdict()
    broken = replace(
        base,
        http_filters=(*marked.http_filters, *passthrough.filters(filters)),
        clusters=passthrough.clusters(clusters, ()),
    )
    files.put(broken, "2", **_users(OLD))
    verdict = files.wait_for("2")
    assert words in verdict.refused
    assert _status(door, NEW) == HTTPStatus.UNAUTHORIZED
    assert "x-mark" in _seen(door)
    assert "x-other" not in _seen(door)
    files.put(base, "3", **_users(OLD))
    assert files.wait_for("3") == Verdict()
    assert "x-mark" not in _seen(door)


def test_files_that_are_empty_for_a_moment_change_nothing(followed: Followed) -> None:
    door, files, base = followed
    files.wait_for("0")
    empty = {"listeners.json": "", "clusters.json": ""}
    files.put(base, "1", **_users(OLD), **empty)
    until(lambda: "unexpected EOF" in files.log.read_text())
    assert _status(door, OLD) == HTTPStatus.OK
    files.put(base, "2", **_users(OLD))
    assert files.wait_for("2") == Verdict()


def test_a_program_that_has_taken_the_port_does_not_pass_for_the_sidecar(tmp_path: Path) -> None:
    port = free_port()
    base = _sidecar(tmp_path / "files", port)
    with editor(port), following(tmp_path, base, is_taken=True, **_users(OLD)) as (door, files):
        assert "cannot bind" in files.wait_for("0").refused
        assert _listens(door.port), "somebody else does"
        for _ in range(20):
            assert door.ready() == HTTPStatus.SERVICE_UNAVAILABLE
            time.sleep(0.1)


def _listens(port: int) -> bool:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)):
        return True


_TYPO = {"name": "r", "typed_config": {"@type": f"{_TYPES}.rbac.v3.RBAC", "polices": {}}}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"http_filters": (_TYPO,)}, "polices"),
        ({"clusters": ({"name": "opa", "typo": 1},)}, "clusters[0]"),
        ({"clusters": ({"name": "opa", "connect_timeout": "-2s"},)}, "duration"),
    ],
)
def test_where_nothing_could_be_taken_yet_nobody_is_let_in_and_it_is_not_ready(
    broken: Any, words: str, tmp_path: Path
) -> None:
    port = free_port()
    first = replace(_sidecar(tmp_path / "files", port), **broken)
    with editor(port), following(tmp_path, first, **_users(OLD)) as (door, files):
        assert words in files.wait_for("0").refused
        assert door.ready() == HTTPStatus.SERVICE_UNAVAILABLE
        with pytest.raises(ConnectionRefusedError):
            door.ask()
        files.put(_sidecar(tmp_path / "files", port), "1", **_users(OLD))
        assert files.wait_for("1") == Verdict()
        door.wait_until_ready()
        assert _status(door, OLD) == HTTPStatus.OK


def _read_until(connection: socket.socket, words: bytes) -> bytes:
    found = b""
    while words not in found:
        found += connection.recv(4096)
    return found


def _rest(connection: socket.socket) -> bytes:
    found = b""
    try:
        while more := connection.recv(4096):
            found += more
    except ConnectionResetError:
        pass
    return found
