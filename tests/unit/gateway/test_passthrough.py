"""kode.gateway.passthrough."""

from typing import Any

import pytest

from kode.gateway.passthrough import HTTP_OPTIONS, as_typed_struct, clusters, filters
from tests.documents import EXT_AUTHZ

Object = dict[str, Any]


def test_filters_are_passed_on_in_order() -> None:
    assert filters([EXT_AUTHZ, EXT_AUTHZ]) == (EXT_AUTHZ, EXT_AUTHZ)


@pytest.mark.parametrize("package", ["xds.type.v3", "udpa.type.v1"])
def test_filter_that_came_in_an_envelope_keeps_it(package: str) -> None:
    item = {"name": "a", "typed_config": {"@type": f"type.googleapis.com/{package}.TypedStruct"}}
    assert as_typed_struct(item) == item


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"type": "strict_dns"}, {"type": "STRICT_DNS"}),
        ({"lbPolicy": "round_robin"}, {"lbPolicy": "ROUND_ROBIN"}),
        ({"dns_lookup_family": "v4_only"}, {"dns_lookup_family": "V4_ONLY"}),
        ({"type": 1}, {"type": 1}),
    ],
)
def test_names_of_enums_are_spelled_as_envoy_reads_them(given: Object, read: Object) -> None:
    assert clusters([{"name": "a", **given}], []) == ({"name": "a", **read},)


@pytest.mark.parametrize(
    "caller",
    [
        EXT_AUTHZ,
        {"a": [{"envoyGrpc": {"clusterName": "opa"}}]},
        {"a": ({"envoy_grpc": {"cluster_name": "opa"}},)},
    ],
)
def test_cluster_that_is_called_by_grpc_speaks_http2(caller: Object) -> None:
    (found, other) = clusters([{"name": "opa"}, {"name": "other"}], [caller])
    options = found["typed_extension_protocol_options"][HTTP_OPTIONS]
    assert options["explicit_http_config"] == {"http2_protocol_options": {}}
    assert other == {"name": "other"}


@pytest.mark.parametrize(
    "field",
    [
        "typed_extension_protocol_options",
        "typedExtensionProtocolOptions",
        "http2_protocol_options",
        "http2ProtocolOptions",
    ],
)
def test_protocol_that_is_given_stays(field: str) -> None:
    given = {"name": "opa", field: {"x": 1}}
    assert clusters([given], [EXT_AUTHZ]) == (given,)


@pytest.mark.parametrize("caller", [{"envoy_grpc": "opa"}, {"envoy_grpc": {"cluster_name": 1}}])
def test_odd_caller_calls_nobody(caller: Object) -> None:
    assert clusters([{"name": "opa"}], [caller]) == ({"name": "opa"},)
