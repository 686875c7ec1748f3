"""kode.gateway.references."""

from typing import Any

import pytest

from kode.gateway.references import cluster_references


@pytest.mark.parametrize(
    ("node", "where"),
    [
        ({"grpc_service": {"envoy_grpc": {"cluster_name": "x"}}}, "grpc_service.envoy_grpc"),
        ({"grpcService": {"envoyGrpc": {"clusterName": "x"}}}, "grpcService.envoyGrpc"),
        ({"http_service": {"server_uri": {"cluster": "x"}}}, "http_service.server_uri.cluster"),
        (
            {"providers": {"idp": {"remote_jwks": {"http_uri": {"cluster": "x"}}}}},
            "providers.idp.remote_jwks.http_uri.cluster",
        ),
        ({"config": {"token_endpoint": {"cluster": "x"}}}, "config.token_endpoint.cluster"),
        ({"rate_limit_service": {"grpc_service": {"envoy_grpc": {"cluster_name": "x"}}}}, "rate_"),
        ({"rlqs_server": {"envoy_grpc": {"cluster_name": "x"}}}, "rlqs_server.envoy_grpc"),
        ({"sds_config": {"api_config_source": {"cluster_names": ["x"]}}}, "cluster_names[0]"),
        ({"override_upstream_cluster": "x"}, "override_upstream_cluster"),
        ({"servers": [{"mcp_cluster": {"cluster": "x"}}]}, "servers[0].mcp_cluster.cluster"),
        ({"weighted_clusters": {"clusters": [{"name": "x"}]}}, "clusters[0].name"),
        ({"clusters": ["x"]}, "clusters[0]"),
        ({"request_mirror_policies": [{"cluster": "x"}]}, "request_mirror_policies[0].cluster"),
        ({"@type": "xds.type.v3.TypedStruct", "value": {"cluster": "x"}}, "value.cluster"),
        ({"collectorCluster": "x"}, "collectorCluster"),
    ],
)
def test_a_cluster_is_seen_wherever_it_is_named(node: Any, where: str) -> None:
    ((at, name),) = cluster_references(node)
    assert (name, where in at) == ("x", True)


@pytest.mark.parametrize(
    "node",
    [
        {
            "cluster_header": "x",
            "clear_cluster_cache": True,
            "cluster": {"a": 1},
            "cluster_id": "x",
        },
        {"cluster": ""},
        {"clusters": [1, []]},
        {"filter_metadata": {"a": {"cluster": "x"}}},
        {"filterContext": {"cluster": "x"}},
        {"body_format": {"json_format": {"cluster": "%UPSTREAM_CLUSTER%"}}},
        {"metadata": [{"value": {"cluster": "x"}}]},
        {"any": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"cluster": "x"}}},
        {"inline_code": "h:httpCall('x')"},
    ],
)
def test_what_names_no_cluster_is_left_alone(node: Any) -> None:
    assert cluster_references(node) == ()
