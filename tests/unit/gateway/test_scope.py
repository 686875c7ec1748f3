"""kode.gateway.scope."""

from typing import Any

import pytest

from kode.gateway import scope

NAMES = {"opa", "kode_editor"}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"cluster": "opa"}, {"cluster": "dev/opa"}),
        ({"clusterName": "opa"}, {"clusterName": "dev/opa"}),
        (
            {"a": [{"envoy_grpc": {"cluster_name": "opa"}}]},
            {"a": [{"envoy_grpc": {"cluster_name": "dev/opa"}}]},
        ),
        ({"cluster": "another"}, {"cluster": "another"}),
        ({"clusters": ["opa", "another", 1]}, {"clusters": ["dev/opa", "another", 1]}),
        ({"clusters": [{"cluster": "opa"}]}, {"clusters": [{"cluster": "dev/opa"}]}),
        ({"name": "opa", "prefix": "opa"}, {"name": "opa", "prefix": "opa"}),
        (
            {"inline_code": "h:httpCall('opa', {}) h:httpCall( \"x\", {})"},
            {"inline_code": "h:httpCall('dev/opa', {}) h:httpCall( \"x\", {})"},
        ),
        ({"inline_string": "'opa'"}, {"inline_string": "'opa'"}),
    ],
)
def test_references_are_within_the_scope_and_nothing_else(given: Any, found: Any) -> None:
    assert scope.scoped(given, "dev", NAMES) == found


def test_what_is_given_stays_as_it_was() -> None:
    given = {"clusters": ["opa"], "deep": {"cluster": "opa"}}
    scope.scoped(given, "dev", NAMES)
    assert given == {"clusters": ["opa"], "deep": {"cluster": "opa"}}


def test_a_cluster_has_its_own_name_within_the_scope() -> None:
    given = {"name": "opa", "load_assignment": {"cluster_name": "opa"}}
    found = {"name": "dev/opa", "load_assignment": {"cluster_name": "dev/opa"}}
    assert scope.cluster(given, "dev", NAMES) == found
