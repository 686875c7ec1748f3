"""kode.gateway.authentication. What a real Envoy does with these is in tests/envoy."""

from typing import Any

import pytest

from kode.gateway import known
from kode.gateway.authentication import authenticates, doubt
from tests.documents import EXT_AUTHZ

pytestmark = pytest.mark.attack

Object = dict[str, Any]
TYPES = "type.googleapis.com/envoy.extensions.filters.http"
MESSAGES = {
    "ext_authz": "ExtAuthz",
    "jwt_authn": "JwtAuthentication",
    "basic_auth": "BasicAuth",
    "api_key_auth": "ApiKeyAuth",
    "oauth2": "OAuth2",
    "local_ratelimit": "LocalRateLimit",
    "rbac": "RBAC",
}


def configured(name: str, **config: Any) -> Object:
    url = f"{TYPES}.{name}.v3.{MESSAGES.get(name, name.title())}"
    return {"name": name, "typed_config": {"@type": url, **config}}


def with_config(item: Object, **config: Any) -> Object:
    return {**item, "typed_config": {**item["typed_config"], **config}}


def jwt(*rules: Object) -> Object:
    return configured("jwt_authn", providers={"idp": {"issuer": "x"}}, rules=list(rules))


TOKEN = {"provider_name": "idp"}
AUDIENCE = {"provider_and_audiences": {"provider_name": "idp", "audiences": ["kode"]}}
ALL = {"match": {"prefix": "/"}, "requires": TOKEN}
URI = {"uri": "http://x", "cluster": "idp", "timeout": "1s"}
HTTP_AUTHZ = configured("ext_authz", http_service={"server_uri": URI, "path_prefix": "/a"})
BASIC = configured("basic_auth", users={"inline_string": "x"})
OAUTH2 = configured("oauth2", config={"token_endpoint": URI, "redirect_uri": "x"})
API_KEY = configured(
    "api_key_auth", credentials=[{"key": "k", "client": "c"}], key_sources=[{"header": "x-key"}]
)


def needs(**requires: Any) -> Object:
    return jwt({"match": {"prefix": "/"}, "requires": requires})


@pytest.mark.parametrize(
    "item",
    [
        EXT_AUTHZ,
        HTTP_AUTHZ,
        with_config(EXT_AUTHZ, failure_mode_allow=False, shadow_mode=False),
        with_config(EXT_AUTHZ, with_request_body={"maxRequestBytes": 1}, statPrefix="x"),
        with_config(EXT_AUTHZ, allowed_headers={"patterns": [{"exact": "x"}]}),
        configured("ext_authz", grpcService={"envoyGrpc": {"clusterName": "opa"}}),
        configured("ext_authz", grpc_service={"google_grpc": {"target_uri": "opa:1"}}),
        {**EXT_AUTHZ, "disabled": False, "is_optional": False},
        OAUTH2,
        BASIC,
        API_KEY,
        jwt(ALL),
        jwt({"match": {"path": "/a"}, "requires": AUDIENCE}, ALL),
        needs(requires_all={"requirements": [TOKEN, {}]}),
        needs(requiresAny={"requirements": [TOKEN, AUDIENCE]}),
        with_config(jwt(ALL), bypass_cors_preflight=False),
    ],
)
def test_filter_that_refuses_strangers_authenticates(item: Object) -> None:
    assert doubt([item]) == ""
    assert authenticates([item, configured("lua")])


OPEN: list[Object] = [
    {},
    {"name": "a", "typed_config": "x"},
    {"name": "a", "typed_config": {"@type": 1}},
    configured("lua"),
    configured("rbac", rules={"action": "ALLOW"}),
    configured("gcp_authn"),
    configured("ext_authz"),
    configured("ext_authz", grpc_service={}),
    {**EXT_AUTHZ, "disabled": True},
    {**EXT_AUTHZ, "is_optional": True},
    {**EXT_AUTHZ, "isOptional": True},
    {**EXT_AUTHZ, "config_discovery": {}},
    {**EXT_AUTHZ, "typedConfig": EXT_AUTHZ["typed_config"]},
    {**EXT_AUTHZ, "match": {}},
    with_config(EXT_AUTHZ, failure_mode_allow=True),
    with_config(EXT_AUTHZ, failureModeAllow=True),
    with_config(EXT_AUTHZ, failure_mode_allow="false"),
    with_config(EXT_AUTHZ, failure_mode_allow=None),
    with_config(EXT_AUTHZ, failure_mode_allow=False, failureModeAllow=False),
    with_config(EXT_AUTHZ, shadow_mode=True),
    with_config(EXT_AUTHZ, shadowMode=True),
    with_config(EXT_AUTHZ, filter_enabled={"default_value": {"numerator": 0}}),
    with_config(EXT_AUTHZ, filterEnabledMetadata={"filter": "x"}),
    with_config(EXT_AUTHZ, a_field_of_the_next_release=False),
    with_config(EXT_AUTHZ, Failure_mode_allow=False),
    with_config(EXT_AUTHZ, with_request_body="x"),
    configured("ext_authz", grpc_service={"envoy_grpc": {"cluster_name": "a", "new": 1}}),
    configured("ext_authz", grpc_service={"envoy_grpc": {"cluster_name": "kode_editor"}}),
    configured("ext_authz", http_service={"server_uri": {**URI, "cluster": "kode_editor"}}),
    configured(
        "ext_authz",
        http_service={
            "server_uri": URI,
            "authorization_request": {
                "headers_to_add": [{"key": "authorization", "value": "Basic x"}]
            },
        },
    ),
    configured("oauth2"),
    configured("oauth2", config={}),
    configured("oauth2", config={"pass_through_matcher": [{}]}),
    configured("oauth2", config={"passThroughMatcher": [{}]}),
    configured("oauth2", config={"allow_failed_matcher": [{}]}),
    configured("basic_auth"),
    with_config(BASIC, allow_missing=True),
    configured("api_key_auth", credentials=[{"key": "k"}]),
    configured("api_key_auth", key_sources=[{"header": "x", "else": "y"}]),
    jwt(),
    jwt({"match": {"prefix": "/"}}),
    needs(),
    needs(provider_name=""),
    jwt({"match": {"prefix": "/a"}, "requires": TOKEN}),
    jwt({"match": {"prefix": "/", "headers": []}, "requires": TOKEN}),
    jwt({"match": {"path": "/open"}}, ALL),
    jwt({"match": {"prefix": "/"}, "requirement_name": "x"}),
    needs(allow_missing={}),
    needs(allowMissingOrFailed={}),
    needs(extract_only_without_validation={}),
    needs(requires_any={"requirements": []}),
    needs(requires_any={"requirements": [TOKEN, {}]}),
    needs(requires_all={"requirements": [{}]}),
    configured("jwt_authn", rules={}),
    configured("jwt_authn", rules=["x"]),
    configured("jwt_authn", filter_state_rules={"name": "x"}, rules=[ALL]),
    with_config(jwt(ALL), bypass_cors_preflight=True),
    {
        "name": "envoy.filters.http.ext_authz",
        "typed_config": {
            "@type": "type.googleapis.com/xds.type.v3.TypedStruct",
            "type_url": EXT_AUTHZ["typed_config"]["@type"],
            "value": EXT_AUTHZ["typed_config"],
        },
    },
    {
        "name": "a",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher",
            "extension_config": EXT_AUTHZ,
        },
    },
    {
        "name": "a",
        "typed_config": {**EXT_AUTHZ["typed_config"], "@type": f"x/{TYPES}.ext_authz.v3.A"},
    },
]


@pytest.mark.parametrize("item", OPEN)
def test_filter_that_may_let_strangers_pass_counts_as_none(item: Object) -> None:
    assert not authenticates([item])
    assert not authenticates([item, configured("lua")])


@pytest.mark.parametrize(
    "before",
    [
        jwt({"match": {"prefix": "/"}, "requires": {"allow_missing_or_failed": {}}}),
        with_config(jwt({"match": {"path": "/"}}), bypass_cors_preflight=True),
        with_config(BASIC, allow_missing=True),
        with_config(API_KEY, key_sources=[]),
        configured("oauth2", config={"token_endpoint": URI, "pass_through_matcher": [{}]}),
        configured("rbac", rules={"action": "DENY"}),
        configured("buffer", max_request_bytes=1),
        configured("csrf", filter_enabled={}),
        configured("local_ratelimit", stat_prefix="x", token_bucket={}),
        {**configured("rbac"), "disabled": True, "is_optional": True},
    ],
)
def test_what_only_refuses_or_passes_on_may_stand_before_one_that_asks(before: Object) -> None:
    assert not authenticates([before])
    assert authenticates([before, EXT_AUTHZ])


@pytest.mark.parametrize(
    "before",
    [
        *(configured(name) for name in ("cache", "file_server", "ext_proc", "lua", "wasm")),
        *(configured(name) for name in ("cors", "health_check", "composite", "fault", "router")),
        configured("header_mutation", mutations={}),
        configured("credential_injector"),
        configured("dynamic_modules"),
        configured("local_ratelimit", request_headers_to_add_when_not_enforced=[]),
        configured("buffer", max_request_bytes=1, maxRequestBytes=2),
        {**configured("buffer"), "config_discovery": {}},
        with_config(EXT_AUTHZ, shadow_mode=True),
        needs(extract_only_without_validation={}),
        {"name": "a"},
    ],
)
def test_what_could_answer_in_the_editors_place_may_not(before: Object) -> None:
    assert not authenticates([before, EXT_AUTHZ])
    assert authenticates([EXT_AUTHZ, before])


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        ([], "there are no httpFilters"),
        ([configured("lua"), EXT_AUTHZ], "httpFilters[0] does not count as a login: it is none of"),
        (
            [configured("buffer"), with_config(EXT_AUTHZ, shadow_mode=True)],
            "httpFilters[1] does not count as a login: typed_config.shadow_mode may let requests",
        ),
        ([with_config(EXT_AUTHZ, new=1)], "typed_config.new is not known to be harmless"),
        (
            [with_config(EXT_AUTHZ, a_b=1, aB=1)],
            "typed_config gives one field twice, as a_b and aB",
        ),
        ([{**EXT_AUTHZ, "isOptional": False, "is_optional": False}], "it gives one field twice"),
        ([jwt()], "this jwt_authn does not ask everybody about every path"),
        ([configured("oauth2", config={"x" * 70: 1})], "typed_config.config.(no name of a field)"),
        ([configured("buffer")], "httpFilters[0] does not count as a login: it is none of"),
    ],
)
def test_why_filters_do_not_count_is_told(filters: list[Object], why: str) -> None:
    assert why in doubt(filters)


def test_every_filter_that_may_stand_before_is_told_from_one_that_answers() -> None:
    assert not {"ext_authz", "lua", "ext_proc", "cache", "file_server", "cors"} & {*known.PASSING}
