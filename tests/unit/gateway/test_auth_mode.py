"""kode.gateway.auth_mode."""

import itertools
from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.gateway.auth_mode import choose
from kode.gateway.sidecar import AuthMode
from tests.documents import EXT_AUTHZ

pytestmark = pytest.mark.attack

LUA: dict[str, Any] = {
    "name": "lua",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"},
}


@pytest.mark.parametrize(
    ("credentials", "auth_type", "filters", "door"),
    [
        (True, None, [], AuthMode.BASIC),
        (True, "none", [], AuthMode.BASIC),
        (True, "none", [EXT_AUTHZ], AuthMode.BASIC),
        (True, "basic", [], AuthMode.BASIC),
        (False, None, [], AuthMode.DENY),
        (False, "none", [], AuthMode.DENY),
        (False, "none", [LUA], AuthMode.DENY),
        (False, "none", [EXT_AUTHZ], AuthMode.FILTERS),
    ],
)
def test_door(
    auth_type: str | None, filters: list[Any], door: AuthMode, *, credentials: bool
) -> None:
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
    assert found is AuthMode.DENY
