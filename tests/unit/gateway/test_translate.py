"""kode.gateway.translate: the shape is in the golden files, behaviour in tests/envoy."""

import json
from typing import Any

import pytest

from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.gateway.translate import bootstrap, dump

UPSTREAM = Upstream(8443, "/healthz")


def manager(sidecar: Sidecar) -> dict[str, Any]:
    listener = bootstrap(sidecar)["static_resources"]["listeners"][0]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


@pytest.mark.parametrize("door", AuthMode)
def test_same_sidecar_gives_the_same_bytes(door: AuthMode) -> None:
    texts = {dump(bootstrap(Sidecar(door, UPSTREAM))) for _ in range(3)}
    assert len(texts) == 1
    assert json.loads(texts.pop())


@pytest.mark.parametrize("door", AuthMode)
def test_admin_is_on_no_network(door: AuthMode) -> None:
    admin = bootstrap(Sidecar(door, UPSTREAM))["admin"]
    assert list(admin["address"]) == ["pipe"]


def route(upstream: Upstream, door: AuthMode) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = manager(Sidecar(door, upstream))["route_config"]["virtual_hosts"][0]["routes"]
    return found


@pytest.mark.parametrize("door", [AuthMode.BASIC, AuthMode.FILTERS])
def test_what_opened_the_door_stays_at_the_door(door: AuthMode) -> None:
    assert route(UPSTREAM, door)["request_headers_to_remove"] == ["authorization"]


@pytest.mark.parametrize("door", [AuthMode.BASIC, AuthMode.FILTERS])
def test_an_editor_with_a_lock_gets_the_sidecars_own_header_and_no_other(door: AuthMode) -> None:
    upstream = Upstream(3000, "/", authorization="Basic x")
    (added,) = route(upstream, door)["request_headers_to_add"]
    assert added["header"] == {"key": "authorization", "value": "Basic x"}
    assert added["append_action"] == "OVERWRITE_IF_EXISTS_OR_ADD"
    assert "Basic x" not in repr(upstream)


def test_text_is_compact_and_keeps_unicode() -> None:
    assert dump({"b": "å", "a": 1}) == '{"a":1,"b":"å"}'


def test_behind_another_door_it_listens_on_sockets_only() -> None:
    upstream = Upstream(8443, "/healthz", socket="/run/dev.sock")
    sidecar = Sidecar(AuthMode.BASIC, upstream, users="me:{SHA}x", socket="/run/door.sock")
    found = bootstrap(sidecar)["static_resources"]
    (listener,) = found["listeners"]
    assert listener["address"] == {"pipe": {"path": "/run/door.sock", "mode": 0o600}}
    assert "socket_address" not in json.dumps(found)
    assert manager(sidecar)["use_remote_address"] is False
    assert "me:{SHA}x" not in repr(sidecar)
