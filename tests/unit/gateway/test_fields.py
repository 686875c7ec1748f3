"""kode.gateway.fields."""

from typing import Any

import pytest

from kode.gateway.fields import camel, quote_key, twice

pytestmark = pytest.mark.attack


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("failure_mode_allow", "failureModeAllow"),
        ("http2_protocol_options", "http2ProtocolOptions"),
        ("jwt_1_x", "jwt1X"),
        ("failureModeAllow", "failureModeAllow"),
        ("uri", "uri"),
        ("", ""),
        ("a_", "a"),
    ],
)
def test_the_other_name_of_a_field_is_the_one_that_protobuf_makes(name: str, other: str) -> None:
    assert camel(name) == other


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ({"a_b": 1, "aB": 1}, [("", "a_b", "aB")]),
        ({"x": [{"y": {"a_b": 1, "aB": 2}}]}, [("x[0].y", "a_b", "aB")]),
        (
            ({"aB": {}, "a_b": {"c_d": 1, "cD": 1}},),
            [("[0]", "aB", "a_b"), ("[0].a_b", "c_d", "cD")],
        ),
        ({"key with = and more": {"aB": 1, "a_b": 1}}, [("(no name of a field)", "aB", "a_b")]),
        ({"a_b": 1, "a_c": 1, "Ab": 1, "ab": [1, "aB", None]}, []),
        ("a_b", []),
    ],
)
def test_a_field_in_both_spellings_is_seen_at_any_depth(
    node: Any, told: list[tuple[str, str, str]]
) -> None:
    assert list(twice(node)) == told


@pytest.mark.parametrize("key", ["-----BEGIN PRIVATE KEY-----", "a b", "", "x" * 65, "{"])
def test_what_is_no_name_of_a_field_is_not_repeated(key: str) -> None:
    assert quote_key(key) == "(no name of a field)"
