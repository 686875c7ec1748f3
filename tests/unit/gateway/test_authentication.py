"""kode.gateway.authentication."""

from typing import Any

import pytest

from kode.gateway.authentication import authenticates
from tests.documents import EXT_AUTHZ

Object = dict[str, Any]


def configured(name: str, **config: Any) -> Object:
    url = f"type.googleapis.com/envoy.extensions.filters.http.{name}.v3.Any"
    return {"name": name, "typed_config": {"@type": url, **config}}


def with_config(item: Object, **config: Any) -> Object:
    return {**item, "typed_config": {**item["typed_config"], **config}}


def jwt(*rules: Object) -> Object:
    return configured("jwt_authn", providers={"idp": {}}, rules=list(rules))


TOKEN = {"provider_name": "idp"}
AUDIENCE = {"provider_and_audiences": {"provider_name": "idp", "audiences": ["kode"]}}
ALL = {"match": {"prefix": "/"}, "requires": TOKEN}


@pytest.mark.parametrize(
    "item",
    [
        EXT_AUTHZ,
        with_config(EXT_AUTHZ, failure_mode_allow=False),
        configured("ext_authz", http_service={"server_uri": {"uri": "http://x"}}),
        configured("ext_authz", grpcService={"envoyGrpc": {"clusterName": "opa"}}),
        configured("oauth2", config={"redirect_uri": "x"}),
        configured("basic_auth", users={"inline_string": "x"}),
        jwt(ALL),
        jwt({"match": {"path": "/a"}, "requires": AUDIENCE}, ALL),
        jwt(
            {"match": {"prefix": "/"}, "requires": {"requires_all": {"requirements": [TOKEN, {}]}}}
        ),
        jwt(
            {
                "match": {"prefix": "/"},
                "requires": {"requiresAny": {"requirements": [TOKEN, AUDIENCE]}},
            }
        ),
    ],
)
def test_filter_that_refuses_strangers_authenticates(item: Object) -> None:
    assert authenticates([{"name": "lua", "typed_config": {"@type": "x"}}, item])


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"name": "a", "typed_config": "x"},
        {"name": "a", "typed_config": {"@type": 1}},
        configured("lua"),
        configured("ext_authz"),
        {**EXT_AUTHZ, "disabled": True},
        {**EXT_AUTHZ, "is_optional": True},
        {**EXT_AUTHZ, "isOptional": True},
        with_config(EXT_AUTHZ, failure_mode_allow=True),
        with_config(EXT_AUTHZ, failureModeAllow=True),
        with_config(EXT_AUTHZ, failure_mode_allow="false"),
        with_config(EXT_AUTHZ, filter_enabled={"default_value": {"numerator": 0}}),
        configured("oauth2", config={"pass_through_matcher": [{}]}),
        configured("oauth2", config={"passThroughMatcher": [{}]}),
        configured("basic_auth", users={"inline_string": "x"}, allow_missing=True),
        jwt(),
        jwt({"match": {"prefix": "/"}}),
        jwt({"match": {"prefix": "/"}, "requires": {}}),
        jwt({"match": {"prefix": "/a"}, "requires": TOKEN}),
        jwt({"match": {"prefix": "/", "headers": []}, "requires": TOKEN}),
        jwt({"match": {"path": "/open"}}, ALL),
        jwt({"match": {"prefix": "/"}, "requires": {"allow_missing": {}}}),
        jwt({"match": {"prefix": "/"}, "requires": {"allowMissingOrFailed": {}}}),
        jwt({"match": {"prefix": "/"}, "requires": {"requires_any": {"requirements": []}}}),
        jwt(
            {"match": {"prefix": "/"}, "requires": {"requires_any": {"requirements": [TOKEN, {}]}}}
        ),
        jwt({"match": {"prefix": "/"}, "requires": {"requires_all": {"requirements": [{}]}}}),
        configured("jwt_authn", rules={}),
        configured("jwt_authn", rules=["x"]),
        with_config(jwt(ALL), bypass_cors_preflight=True),
        {
            "name": "envoy.filters.http.ext_authz",
            "typed_config": {
                "@type": "type.googleapis.com/xds.type.v3.TypedStruct",
                "type_url": EXT_AUTHZ["typed_config"]["@type"],
                "value": EXT_AUTHZ["typed_config"],
            },
        },
    ],
)
def test_filter_that_may_let_strangers_pass_counts_as_none(item: Object) -> None:
    assert not authenticates([item])
