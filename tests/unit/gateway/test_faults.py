"""kode.gateway.faults."""

from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.gateway.faults import check
from tests.documents import EXT_AUTHZ

pytestmark = pytest.mark.attack

Object = dict[str, Any]
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
OPA = {"name": "opa", "type": "strict_dns"}


def item(**fields: Any) -> Object:
    return {"name": "mine", "typed_config": {"@type": LUA, **fields}}


def told(filters: list[Object], clusters: list[Object]) -> str:
    with pytest.raises(InvalidSpec) as caught:
        check(filters, clusters)
    assert caught.value.reason is Reason.PROXY_CONFIG_INVALID
    return caught.value.message


def test_what_is_in_order_is_taken() -> None:
    check([], [])
    check([EXT_AUTHZ, {**item(a_b=1), "is_optional": False, "disabled": True}], [OPA])
    check([item(cluster="kode_editor")], [])
    load = {"cluster_name": "another-name", "endpoints": []}
    check([], [{**OPA, "load_assignment": load, "lbPolicy": "Round_Robin", "dns_lookup_family": 1}])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"name": "mine", "typed_config": {"@type": ROUTER}},
            "httpFilters[0] (mine): a router is added by Kode; leave it",
        ),
        (
            {"name": "mine", "typed_config": {"@type": "xds.TypedStruct", "type_url": ROUTER}},
            "httpFilters[0] (mine): a router is added by Kode; leave it",
        ),
        ({"name": "envoy.filters.http.router"}, "(envoy.filters.http.router): a router is added"),
        ({"name": "a"}, "httpFilters[0] (a) needs typed_config with an '@type'"),
        ({"name": "a", "typed_config": []}, "(a) needs typed_config with an '@type'"),
        ({"name": "a", "typed_config": {"@type": 1}}, "(a) needs typed_config with an '@type'"),
        (
            {**item(), "typedConfig": {"@type": LUA}},
            "(mine) gives one field twice, as typed_config and typedConfig",
        ),
        ({**item(), "match": {}}, "httpFilters[0] (mine): match is no field of a filter"),
        ({**item(), "disabled": "yes"}, "(mine): disabled is not what Envoy has there"),
    ],
)
def test_a_filter_that_would_break_the_sidecar_is_refused(given: Object, message: str) -> None:
    assert message in told([given], [])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "kode_editor"}, "clusters: the name kode_editor is reserved"),
        ({"name": "a", "type": "SOMETIMES"}, "clusters[0] (a): type is none of STATIC, STRICT_DNS"),
        ({"name": "a", "lbPolicy": "x"}, "clusters[0] (a): lbPolicy is none of ROUND_ROBIN"),
        (
            {"name": "a", "eds_config": {"api_config_source": {"cluster_names": ["b"]}}},
            "eds_config.api_config_source.cluster_names[0] names the cluster 'b'",
        ),
        ({"name": "a", "lb_policy": "RANDOM", "lbPolicy": "MAGLEV"}, "gives one field twice"),
    ],
)
def test_a_cluster_that_would_break_the_sidecar_is_refused(given: Object, message: str) -> None:
    assert message in told([], [given])


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (item(failure_mode_allow=False, failureModeAllow=True), "typed_config gives"),
        (item(failureModeAllow=False, failure_mode_allow=False), "typed_config gives"),
        (
            item(rules=[{"a": {"requires_any": 1, "requiresAny": 2}}]),
            "typed_config.rules[0].a gives",
        ),
        ({**item(), "is_optional": False, "isOptional": True}, "(mine) gives one field twice"),
    ],
)
def test_one_field_in_both_spellings_is_refused(given: Object, where: str) -> None:
    message = told([given], [])
    assert where in message
    assert "gives one field twice, as " in message


@pytest.mark.parametrize(
    "config",
    [
        {"grpc_service": {"envoy_grpc": {"cluster_name": "autz"}}},
        {"grpcService": {"envoyGrpc": {"clusterName": "autz"}}},
        {"http_service": {"server_uri": {"uri": "http://x", "cluster": "autz", "timeout": "1s"}}},
        {"providers": {"a": {"remote_jwks": {"http_uri": {"cluster": "autz"}}}}},
        {"config": {"token_endpoint": {"cluster": "autz"}}},
    ],
)
def test_a_cluster_that_is_not_there_is_told_with_its_filter(config: Object) -> None:
    message = told([item(**config)], [OPA])
    assert message.startswith("httpFilters[0] (mine): typed_config.")
    assert "names the cluster 'autz', and clusters has none of that name" in message


def test_all_faults_are_told_at_once() -> None:
    router = {"name": "r", "typed_config": {"@type": ROUTER}}
    message = told([router, EXT_AUTHZ, {"name": "a"}], [{"name": "kode_editor", "type": "x"}])
    parts = ["a router is added", "names the cluster 'opa'", "(a) needs", "is reserved", "type is"]
    assert [part for part in parts if part not in message] == []


def test_many_faults_are_counted() -> None:
    assert told([{"name": "a"}] * 30, []).endswith("; and 22 more")
