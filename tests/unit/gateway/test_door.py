"""kode.gateway.door."""

import itertools
from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.gateway.door import choose
from kode.gateway.sidecar import Door
from tests.documents import EXT_AUTHZ

pytestmark = pytest.mark.attack

LUA: dict[str, Any] = {
    "name": "lua",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"},
}


@pytest.mark.parametrize(
    ("credentials", "auth_type", "filters", "door"),
    [
        (True, None, [], Door.BASIC),
        (True, "none", [], Door.BASIC),
        (True, "none", [EXT_AUTHZ], Door.BASIC),
        (True, "basic", [], Door.BASIC),
        (False, None, [], Door.CLOSED),
        (False, "none", [], Door.CLOSED),
        (False, "none", [LUA], Door.CLOSED),
        (False, "none", [EXT_AUTHZ], Door.FILTERS),
    ],
)
def test_door(auth_type: str | None, filters: list[Any], door: Door, *, credentials: bool) -> None:
    assert choose(has_credentials=credentials, auth_type=auth_type, http_filters=filters) is door


def test_basic_auth_needs_a_password() -> None:
    with pytest.raises(InvalidSpec, match="the proxy config asks for a password") as caught:
        choose(has_credentials=False, auth_type="basic", http_filters=[])
    assert caught.value.reason is Reason.INVALID_SPEC


@pytest.mark.parametrize(
    ("auth_type", "filters"), list(itertools.product([None, "none"], [[], [LUA], [LUA, LUA]]))
)
def test_nothing_opens_without_credentials_or_authentication(
    auth_type: str | None, filters: list[Any]
) -> None:
    found = choose(has_credentials=False, auth_type=auth_type, http_filters=filters)
    assert found is Door.CLOSED
