"""kode.api.proxyconfig."""

import math
from typing import Any

import pytest

from kode.api.document import dump, parse
from kode.errors import InvalidSpec
from tests.documents import EXT_AUTHZ, proxy, proxy_document


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"inner": value}
    return value


def test_filters_and_clusters_are_kept_as_given() -> None:
    cluster = {"name": "opa", "connect_timeout": "0.25s", "anything": [1, None, 0.5, True]}
    spec = {"httpFilters": [EXT_AUTHZ], "clusters": [cluster]}
    assert dump(proxy(**spec))["spec"] == {**spec, "clusters": [cluster]}


def test_spec_may_be_left_out() -> None:
    document = proxy_document()
    del document["spec"]
    assert parse(document) == proxy()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (math.nan, "nan is not a valid JSON number"),
        (math.inf, "inf is not a valid JSON number"),
        (2**64, "the number is larger than Envoy can read"),
        (b"x", "a bytes is no value of JSON"),
        ({1: 2}, "keys must be text"),
        ("\ud800", "invalid Unicode: an unpaired surrogate"),
        ({"\udfff": 1}, "invalid Unicode: an unpaired surrogate"),
        (nested(64), "nested deeper than 64 levels, or too large"),
        ([0] * 100_001, "nested deeper than 64 levels, or too large"),
    ],
)
def test_what_is_no_json_of_envoy_is_refused(value: object, why: str) -> None:
    with pytest.raises(InvalidSpec, match=why):
        proxy(httpFilters=[{"name": "a", "typed_config": value}])


@pytest.mark.parametrize("value", ["\U0001f4a5", "é", -(2**63), 1.5, nested(60)])
def test_what_is_json_is_taken(value: object) -> None:
    proxy(httpFilters=[{"name": "a", "typed_config": value}])


def test_name_is_needed_and_stands_once_among_clusters() -> None:
    with pytest.raises(InvalidSpec, match=r"spec.clusters: duplicate name a"):
        proxy(clusters=[{"name": "a"}, {"name": "a"}])
    with pytest.raises(InvalidSpec, match=r"spec.httpFilters\[0\].name: required"):
        proxy(httpFilters=[{}])
