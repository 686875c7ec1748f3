"""kode.platform.local.reconcile.guard: what of an earlier sidecar stays, and for whom."""

from dataclasses import replace
from typing import Any

import pytest

from kode.desired.fallback import fallback_sidecar
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.platform.local.reconcile.guard import unresolved_sidecar
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd

pytestmark = pytest.mark.attack

LOGIN = Credentials("me", "new password", "dev-auth")
SESSION = "n" * 43
AUTHZ = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz"
ASKS: tuple[dict[str, Any], ...] = (
    {
        "name": "envoy.filters.http.ext_authz",
        "typed_config": {"@type": AUTHZ, "grpc_service": {"envoy_grpc": {"cluster_name": "opa"}}},
    },
)
LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
ADDS: tuple[dict[str, Any], ...] = ({"name": "adds", "typed_config": {"@type": LUA}},)
WRONG: tuple[dict[str, Any], ...] = ({"name": "wrong", "typed_config": {"@type": LUA}},)
CLUSTERS = ({"name": "opa"},)
EDITOR = Upstream(8443, "/healthz")


def sidecar(mode: AuthMode, filters: tuple[dict[str, Any], ...], users: str = "") -> Sidecar:
    return Sidecar(mode, EDITOR, http_filters=filters, clusters=CLUSTERS, users=users)


def test_what_guards_instead_has_the_filters_of_before_and_the_login_of_now() -> None:
    before = sidecar(AuthMode.BASIC, ADDS, "me:old\n")
    moved = Upstream(1234, "/other")
    desired = replace(sidecar(AuthMode.BASIC, WRONG, "me:new\n"), upstream=moved, session=SESSION)
    found = fallback_sidecar(before, replace(desired, clusters=()))
    assert found == replace(desired, http_filters=ADDS)


def test_a_login_that_is_new_is_asked_for_before_the_filters_of_before() -> None:
    found = fallback_sidecar(sidecar(AuthMode.FILTERS, ASKS), sidecar(AuthMode.BASIC, WRONG, "u"))
    assert found == sidecar(AuthMode.BASIC, ASKS, "u")


def test_without_a_login_only_filters_that_authenticate_guard_alone() -> None:
    desired = sidecar(AuthMode.FILTERS, WRONG)
    assert fallback_sidecar(sidecar(AuthMode.FILTERS, ASKS), desired) == replace(
        desired, http_filters=ASKS
    )
    # Its password has been taken back since.
    assert fallback_sidecar(sidecar(AuthMode.BASIC, ADDS, "me:old\n"), desired) is None


def test_where_nobody_is_let_in_nothing_of_before_lets_anybody_in() -> None:
    assert fallback_sidecar(sidecar(AuthMode.FILTERS, ASKS), sidecar(AuthMode.DENY, WRONG)) is None


def test_where_nothing_was_or_the_same_was_there_is_nothing_else() -> None:
    desired = sidecar(AuthMode.BASIC, ADDS, "me:new\n")
    assert fallback_sidecar(None, desired) is None
    assert fallback_sidecar(replace(desired, users="me:old\n"), desired) is None


def test_where_nothing_can_be_resolved_a_known_login_is_asked_for() -> None:
    file = htpasswd(LOGIN, SESSION)
    for before in (sidecar(AuthMode.BASIC, ADDS, "me:old\n"), sidecar(AuthMode.FILTERS, ASKS)):
        found = unresolved_sidecar(before, LOGIN, SESSION)
        assert found == replace(before, auth_mode=AuthMode.BASIC, users=file, session=SESSION)
        assert unresolved_sidecar(found, LOGIN, "another" * 7) == found
        assert unresolved_sidecar(before, None, SESSION) == before
