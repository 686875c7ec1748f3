"""kode.controllers.diff."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kode.api.quantity import parse_quantity
from kode.controllers.diff import is_subset, keep_immutable

HOME = {"name": "home", "mountPath": "/config"}
OTHER = {"name": "home", "mountPath": "/home/me"}


@pytest.mark.parametrize(
    ("live", "desired"),
    [
        ({"a": 1, "defaulted": True}, {"a": 1}),
        ({"requests": {"cpu": "1"}}, {"requests": {"cpu": "1000m"}}),
        ({"limits": {"memory": "1Gi"}}, {"limits": {"memory": "1024Mi"}}),
        ({"limits": {"memory": "1500M"}}, {"limits": {"memory": "1.5e9"}}),
        ({"sizeLimit": "1Gi"}, {"sizeLimit": "1024Mi"}),
        ({"divisor": "0"}, {"divisor": "0"}),
        ({}, {"value": "", "args": [], "requests": {}, "x": None}),
        ({"env": [{"name": "A"}]}, {"env": [{"name": "A", "value": ""}]}),
        ({"env": [{"name": "B"}, {"name": "A"}]}, {"env": [{"name": "A"}, {"name": "B"}]}),
        ({"volumeMounts": [OTHER, HOME]}, {"volumeMounts": [HOME, OTHER]}),
        (
            {"ownerReferences": [{"uid": "1", "name": "a"}, {"uid": "2", "name": "a"}]},
            {"ownerReferences": [{"uid": "1", "name": "a"}]},
        ),
        ({"ports": [{"port": 80, "nodePort": 30000}]}, {"ports": [{"port": 80}]}),
        (
            {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
            {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]},
        ),
        ({"args": ["a", "b"]}, {"args": ("a", "b")}),
    ],
)
def test_live_object_is_as_desired(live: dict[str, Any], desired: dict[str, Any]) -> None:
    assert is_subset(live, desired)


@pytest.mark.parametrize(
    ("live", "desired"),
    [
        ({}, {"a": 1}),
        ({}, {"automount": False}),
        ({}, {"replicas": 0}),
        ({"a": None}, {"a": {"b": 1}}),
        ({"a": [1]}, {"a": {"b": 1}}),
        ({"a": {}}, {"a": [1]}),
        ({"args": ["a", "b"]}, {"args": ["b", "a"]}),
        ({"args": ["a", "b"]}, {"args": ["a"]}),
        ({"requests": {"cpu": "1"}}, {"requests": {"cpu": "2"}}),
        ({"requests": {"cpu": "many"}}, {"requests": {"cpu": "2"}}),
        ({"env": [{"name": "A", "value": "1"}]}, {"env": [{"name": "A", "value": "2"}]}),
        ({"env": [{"name": "A"}, {"name": "B"}]}, {"env": [{"name": "A"}]}),
        ({"env": ["A"]}, {"env": [{"name": "A"}]}),
        ({"volumeMounts": [HOME, HOME]}, {"volumeMounts": [HOME, OTHER]}),
        ({"selector": {"a": "1", "b": "2"}}, {"selector": {"a": "1"}}),
        ({"data": {"a": "1", "left": "over"}}, {"data": {"a": "1"}}),
        ({"podSelector": {"matchLabels": {}, "x": 1}}, {"podSelector": {"matchLabels": {}}}),
        ({"ingress": [{"ports": [1], "from": []}]}, {"ingress": [{"ports": [1]}]}),
        ({"ports": [{"port": 80}, {"port": 8443}]}, {"ports": [{"port": 80}]}),
        ({"ownerReferences": []}, {"ownerReferences": [{"uid": "1"}]}),
    ],
)
def test_drift_is_seen(live: dict[str, Any], desired: dict[str, Any]) -> None:
    assert not is_subset(live, desired)


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        ("1", Fraction(1)),
        ("1000m", Fraction(1)),
        ("1.5Gi", Fraction(3 * 2**29)),
        (".5", Fraction(1, 2)),
        ("1e3", Fraction(1000)),
        ("1E3", Fraction(1000)),
        ("1E", Fraction(10**18)),
        ("1e-3", Fraction(1, 1000)),
        ("12E", Fraction(12 * 10**18)),
        ("100n", Fraction(1, 10**7)),
        ("-1k", Fraction(-1000)),
        (2, Fraction(2)),
        ("9007199254740993", Fraction(9007199254740993)),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1.2.3", None),
        ("1Kb", None),
        (None, None),
    ],
)
def test_amount_is_exact(quantity: object, number: Fraction | None) -> None:
    assert parse_quantity(quantity) == number


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["env", "ports", "name", "port", "requests", "selector", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.text(max_size=2), JSON))
def test_object_is_as_desired_when_it_is_the_same(value: dict[str, Any]) -> None:
    assert is_subset(value, value)


@given(JSON, JSON)
def test_comparing_answers_anything(live: object, desired: object) -> None:
    assert is_subset(live, desired) in (True, False)


def claim(size: str, phase: str = "Bound", **spec: Any) -> dict[str, Any]:
    return {
        "kind": "PersistentVolumeClaim",
        "spec": {"resources": {"requests": {"storage": size}}, **spec},
        "status": {"phase": phase},
    }


@pytest.mark.parametrize(
    ("live", "desired", "size", "ignored"),
    [
        (claim("1Gi"), claim("1024Mi"), "1024Mi", []),
        (claim("1Gi"), claim("2Gi"), "2Gi", []),
        (claim("2Gi"), claim("1Gi"), "2Gi", ["spec.resources.requests.storage"]),
        (claim("1Gi", "Pending"), claim("2Gi"), "1Gi", ["spec.resources.requests.storage"]),
        ({"kind": "PersistentVolumeClaim"}, claim("1Gi"), "1Gi", []),
        (
            claim("1Gi", accessModes=["ReadWriteOnce"], storageClassName="slow"),
            claim("1Gi", accessModes=["ReadWriteMany"], storageClassName="fast"),
            "1Gi",
            ["spec.accessModes", "spec.storageClassName"],
        ),
        (claim("1Gi", storageClassName="slow"), claim("1Gi"), "1Gi", []),
    ],
)
def test_what_cannot_be_changed_stays(
    live: dict[str, Any], desired: dict[str, Any], size: str, ignored: list[str]
) -> None:
    found, told = keep_immutable(live, desired)
    assert found["spec"]["resources"]["requests"]["storage"] == size
    assert told == ignored


def test_desired_object_itself_is_left_as_it_is() -> None:
    desired = claim("1Gi")
    keep_immutable(claim("2Gi"), desired)
    assert desired == claim("1Gi")
