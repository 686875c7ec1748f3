"""What guards a running editor changes, and the editor runs on.

Rule: the same pod and no restart of a container is the same running work of somebody.
"""

import base64
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from kode import labels
from tests.cluster.documents import PASSWORD, USER, kode, proxy_config, stand_in
from tests.cluster.door import Door
from tests.cluster.place import Place, condition

LOGIN = (USER, PASSWORD)
_LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
_RBAC = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"
_MISTYPED = {"name": "rights", "typed_config": {"@type": _RBAC, "polices": {}}}


def _mark(word: str) -> dict[str, Any]:
    code = f"function envoy_on_response(it) it:headers():add('x-mark', '{word}') end"
    config = {"@type": _LUA, "default_source_code": {"inline_string": code}}
    return {"name": "mark", "typed_config": config}


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    place.apply(
        stand_in("guarded", envoyProxyRef={"name": "guard"}),
        stand_in("moved", envoyProxyRef={"name": "guard"}),
        stand_in("plain"),
        proxy_config("guard", authType="basic"),
        kode("live", "guarded"),
        kode("beside", "plain"),
        kode("held", "moved"),
        kode("first", "plain", password=None, user=None),
    )
    place.ready("live", "beside", "held", "first")


def _running(place: Place, name: str) -> tuple[str, list[int]]:
    pod = place.pod(name)
    return place.uid(name), [it["restartCount"] for it in pod["status"]["containerStatuses"]]


def _wait_for_mark(place: Place, name: str, word: str | None, login: Any = LOGIN) -> None:
    deadline = time.monotonic() + 30
    with place.door(name) as door:
        while door.get("/", login=login).headers.get("x-mark") != word:
            assert time.monotonic() < deadline, f"x-mark: {word} does not come"
            time.sleep(0.1)


@contextmanager
def _kept_open(door: Door) -> Iterator[socket.socket]:
    """Yield a connection on which one request was answered."""
    url = urlsplit(door.base)
    name, word = (it.encode() for it in LOGIN)
    header = b"Authorization: Basic " + base64.b64encode(name + b":" + word)
    with socket.create_connection((url.hostname, url.port or 80), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n\r\n")
        assert connection.recv(1 << 20).startswith(b"HTTP/1.1 200")
        connection.settimeout(1)
        with suppress(TimeoutError):
            # What is left of the page; the connection is kept after it.
            while connection.recv(1 << 20):
                pass
        yield connection


def test_a_proxy_config_reaches_the_running_editor(place: Place) -> None:
    before = _running(place, "live")
    place.edit("EnvoyProxyConfig", "guard", {"spec": {"httpFilters": [_mark("one")]}})
    _wait_for_mark(place, "live", "one")
    assert _running(place, "live") == before
    seen = place.wait(
        "Pod",
        "live",
        lambda pod: "accepted" in pod["metadata"]["annotations"].get(labels.SIDECAR_STATUS, ""),
    )
    assert labels.ENVOY_LISTENERS not in seen["metadata"]["annotations"], "it may hold a key"
    assert condition(place.get("Kode", "live"), "Ready")["reason"] == "Running"


def test_one_that_envoy_refuses_is_told_and_leaves_the_one_before_it(place: Place) -> None:
    _wait_for_mark(place, "live", "one")
    before = _running(place, "live")
    filters = [_mark("two"), _MISTYPED]
    place.edit("EnvoyProxyConfig", "guard", {"spec": {"httpFilters": filters}})
    told = place.told("live", "ProxyConfigInvalid", status="True")
    message = condition(told, "ResolvedRefs")["message"]
    assert "Envoy refuses proxy config guard" in message
    assert "no such field: 'polices'" in message
    assert message.endswith("the one before it still guards the editor")
    assert place.warned("live", "ProxyConfigInvalid")
    with place.door("live") as door:
        assert door.get("/", login=LOGIN).headers["x-mark"] == "one"
        assert door.status("/") == 401
    # What stands in is asked for by the login of now: an old password does not come back.
    with place.door("live") as door:
        place.edit("Kode", "live", {"spec": {"password": "a-word-between"}})
        door.wait_until_admitted((USER, "a-word-between"))
        assert door.status("/", login=LOGIN) == 401
        assert door.get("/", login=(USER, "a-word-between")).headers["x-mark"] == "one"
        place.edit("Kode", "live", {"spec": {"password": PASSWORD}})
        door.wait_until_admitted(LOGIN)
    assert place.told("live", "ProxyConfigInvalid", status="True")
    place.edit("EnvoyProxyConfig", "guard", {"spec": {"httpFilters": [_mark("three")]}})
    _wait_for_mark(place, "live", "three")
    place.ready("live")
    place.wait("Kode", "live", lambda it: condition(it, "ResolvedRefs")["status"] == "True")
    assert _running(place, "live") == before


def test_a_new_password_counts_and_ends_what_the_old_one_opened(place: Place) -> None:
    before = _running(place, "live")
    with (
        place.door("live") as door,
        place.door("beside") as other,
        _kept_open(door) as mine,
        _kept_open(other) as theirs,
    ):
        place.edit("Kode", "live", {"spec": {"password": "another-word"}})
        door.wait_until_admitted((USER, "another-word"))
        assert door.status("/", login=LOGIN) == 401
        mine.settimeout(15)
        assert mine.recv(1) == b"", "it is hung up"
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)
    assert _running(place, "live") == before
    assert place.get("Secret", "live-auth")["data"]["password"] == "YW5vdGhlci13b3Jk"


def test_a_first_password_opens_a_running_editor(place: Place) -> None:
    before = _running(place, "first")
    with place.door("first") as door:
        assert door.status("/", login=LOGIN) == 403
        place.edit("Kode", "first", {"spec": {"password": PASSWORD}})
        door.wait_until_admitted(("abc", PASSWORD))
        assert door.status("/") == 401
    assert _running(place, "first") == before


def test_a_template_edit_that_waits_keeps_no_password_from_it(place: Place) -> None:
    before = _running(place, "held")
    place.edit("KodeTemplate", "moved", {"spec": {"port": 9999, "tz": "Europe/Vienna"}})
    place.told("held", "UpdatePending", status="True")
    with place.door("held") as door:
        place.edit("Kode", "held", {"spec": {"password": "another-word"}})
        door.wait_until_admitted((USER, "another-word"))
        assert door.status("/", login=LOGIN) == 401
    assert _running(place, "held") == before
