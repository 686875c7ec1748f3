"""kode.desired.fallback. Its rules are in tests/unit/platform/local/reconcile/test_guard.py."""

import pytest

from kode.desired.desired_state import derive
from kode.desired.fallback import dump_parts, with_parts
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


@pytest.mark.parametrize("text", ["", "[]", '{"http_filters": 1, "clusters": []}'])
def test_what_cannot_be_read_stands_in_for_nothing(text: str) -> None:
    assert with_parts(OURS.sidecar, text) is None
    assert OURS.with_fallback(text) is OURS


def test_parts_that_envoy_took_stand_in_under_the_login_of_now() -> None:
    now = derive(resolved(guard=proxy(authType="basic", httpFilters=[]), login=credentials()))
    found = now.with_fallback(dump_parts(OURS.sidecar))
    assert found.sidecar.http_filters == OURS.sidecar.http_filters
    assert found.auth_mode is now.auth_mode
    assert found.parts == OURS.parts
    assert now.parts == ""
