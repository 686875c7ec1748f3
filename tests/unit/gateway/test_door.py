"""kode.gateway.door."""

import itertools
from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.gateway.door import choose
from kode.gateway.sidecar import Door
from tests.documents import EXT_AUTHZ

LUA: dict[str, Any] = {
    "name": "lua",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"},
}


@pytest.mark.parametrize(
    ("credentials", "login", "auth_type", "filters", "door"),
    [
        (True, True, None, [], Door.EDITOR),
        (True, True, "none", [EXT_AUTHZ], Door.EDITOR),
        (True, False, None, [], Door.BASIC),
        (True, False, "none", [], Door.BASIC),
        (True, True, "basic", [], Door.BASIC),
        (False, True, None, [], Door.CLOSED),
        (False, True, "none", [], Door.CLOSED),
        (False, False, "none", [LUA], Door.CLOSED),
        (False, True, "none", [EXT_AUTHZ], Door.FILTERS),
    ],
)
def test_door(
    auth_type: str | None, filters: list[Any], door: Door, *, credentials: bool, login: bool
) -> None:
    found = choose(
        has_credentials=credentials,
        editor_has_login=login,
        auth_type=auth_type,
        http_filters=filters,
    )
    assert found is door


def test_basic_auth_needs_a_password() -> None:
    with pytest.raises(InvalidSpec, match="the proxy config asks for a password") as caught:
        choose(has_credentials=False, editor_has_login=True, auth_type="basic", http_filters=[])
    assert caught.value.reason is Reason.INVALID_SPEC


@pytest.mark.parametrize(
    ("credentials", "login", "auth_type", "filters"),
    list(itertools.product([False], [False, True], [None, "none"], [[], [LUA], [LUA, LUA]])),
)
def test_nothing_opens_without_credentials_or_authentication(
    auth_type: str | None, filters: list[Any], *, credentials: bool, login: bool
) -> None:
    found = choose(
        has_credentials=credentials,
        editor_has_login=login,
        auth_type=auth_type,
        http_filters=filters,
    )
    assert found is Door.CLOSED
