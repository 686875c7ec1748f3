"""kode.desired.fallback. Its rules are in tests/unit/platform/local/reconcile/test_guard.py."""

import json

import pytest

from kode import labels
from kode.desired.desired_state import derive
from kode.desired.fallback import NO_PARTS, dump_parts, with_parts
from kode.gateway.sidecar import AuthMode
from tests.documents import EXT_AUTHZ, credentials, proxy, resolved

OPA = {"name": "opa"}
OURS = derive(
    resolved(
        guard=proxy(authType="basic", httpFilters=[EXT_AUTHZ], clusters=[OPA]), login=credentials()
    )
)


def test_own_parts_are_read_as_they_were_written() -> None:
    text = dump_parts(OURS.sidecar)
    bare = derive(resolved(login=credentials())).sidecar
    assert dump_parts(bare) == ""
    found = with_parts(bare, text)
    assert found is not None
    assert (found.http_filters, found.clusters) == (
        OURS.sidecar.http_filters,
        OURS.sidecar.clusters,
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"http_filters": 1, "clusters": []}',
        '{"http_filters": [{}], "clusters": []}',
        '{"http_filters": [], "clusters": [{}]}',
    ],
)
def test_what_cannot_be_read_stands_in_for_nothing(text: str) -> None:
    assert with_parts(OURS.sidecar, text) is None
    denied = OURS.with_fallback(text, "typo")
    assert denied.auth_mode is AuthMode.DENY
    assert (denied.parts, denied.refused, denied.message) == ("", OURS.parts, "typo")


def test_parts_that_envoy_took_stand_in_under_the_login_of_now() -> None:
    now = derive(resolved(guard=proxy(authType="basic", httpFilters=[]), login=credentials()))
    found = now.with_fallback(dump_parts(OURS.sidecar), "")
    assert found.sidecar.http_filters == OURS.sidecar.http_filters
    assert found.auth_mode is now.auth_mode
    assert found.parts == OURS.parts
    assert now.parts == ""


def test_no_parts_stand_in_under_a_login() -> None:
    found = OURS.with_fallback(NO_PARTS, "typo")
    assert found.auth_mode is AuthMode.BASIC
    assert found.sidecar.http_filters == ()
    assert (found.parts, found.refused) == ("", OURS.parts)


def test_where_nobody_is_let_in_envoy_is_brought_nothing_that_it_could_refuse() -> None:
    lua = {"name": "adds", "typed_config": {"@type": "type.googleapis.com/x.Lua", "y": "z"}}
    denied = derive(resolved(guard=proxy(httpFilters=[lua], clusters=[OPA])))
    assert denied.auth_mode is AuthMode.DENY
    assert denied.parts == ""
    assert denied.doubt
    pod = denied.render(operator_namespace="kode-system")[-1]
    assert "opa" not in json.dumps(pod)
    assert labels.SIDECAR_STATUS not in pod["metadata"]["annotations"]
