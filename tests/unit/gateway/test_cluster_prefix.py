"""kode.gateway.cluster_prefix."""

from typing import Any

import pytest

from kode.gateway import cluster_prefix

pytestmark = pytest.mark.attack


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"cluster": "opa"}, {"cluster": "dev/opa"}),
        ({"clusterName": "opa"}, {"clusterName": "dev/opa"}),
        (
            {"a": [{"envoy_grpc": {"cluster_name": "opa"}}]},
            {"a": [{"envoy_grpc": {"cluster_name": "dev/opa"}}]},
        ),
        ({"clusters": ["opa", 1]}, {"clusters": ["dev/opa", 1]}),
        ({"clusters": [{"cluster": "opa"}]}, {"clusters": [{"cluster": "dev/opa"}]}),
        (
            {"clusters": [{"name": "opa", "weight": 1}]},
            {"clusters": [{"name": "dev/opa", "weight": 1}]},
        ),
        ({"upstream_cluster": "kode_editor"}, {"upstream_cluster": "dev/kode_editor"}),
        ({"cluster_names": ("opa",)}, {"cluster_names": ["dev/opa"]}),
        ({"name": "opa", "prefix": "opa"}, {"name": "opa", "prefix": "opa"}),
        ({"cluster": "", "cluster_header": "x"}, {"cluster": "", "cluster_header": "x"}),
        ({"filter_metadata": {"cluster": "a"}}, {"filter_metadata": {"cluster": "a"}}),
        (
            {"inline_code": "h:httpCall('opa', {}) h:httpCall( \"x\", {})"},
            {"inline_code": "h:httpCall('dev/opa', {}) h:httpCall( \"dev/x\", {})"},
        ),
        ({"inline_string": "'opa'"}, {"inline_string": "'opa'"}),
    ],
)
def test_references_are_within_the_scope_and_nothing_else(given: Any, found: Any) -> None:
    assert cluster_prefix.prefix_names(given, "dev") == found


@pytest.mark.parametrize("name", ["other/kode_editor", "other", "/other/kode_editor"])
@pytest.mark.parametrize(
    "given",
    [
        lambda name: {"grpc_service": {"envoy_grpc": {"cluster_name": name}}},
        lambda name: {"httpService": {"serverUri": {"cluster": name}}},
        lambda name: {"typed_config": {"value": {"clusters": [name]}}},
        lambda name: {"default_source_code": {"inline_string": f"h:httpCall('{name}', {{}})"}},
        lambda name: {"source_codes": {"a": {"inlineString": f'h:httpCall("{name}")'}}},
    ],
)
def test_the_cluster_of_another_kode_cannot_be_named(given: Any, name: str) -> None:
    text = str(cluster_prefix.prefix_names(given(name), "dev"))
    assert f"dev/{name}" in text
    assert text.count(name) == 1


def test_what_is_given_stays_as_it_was() -> None:
    given = {"clusters": ["opa"], "deep": {"cluster": "opa"}}
    cluster_prefix.prefix_names(given, "dev")
    assert given == {"clusters": ["opa"], "deep": {"cluster": "opa"}}


def test_a_cluster_has_its_own_name_within_the_scope() -> None:
    given = {"name": "opa", "load_assignment": {"cluster_name": "opa"}}
    found = {"name": "dev/opa", "load_assignment": {"cluster_name": "dev/opa"}}
    assert cluster_prefix.prefix_cluster(given, "dev") == found
