"""What JSON cannot say."""

import json
import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kode.json_values import find_unencodable

INTEGERS = range(-(2**63), 2**63)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3),
    max_leaves=12,
)


def _problems(value: object, max_depth: int = 9) -> list[str]:
    return list(find_unencodable(value, max_depth=max_depth, integers=INTEGERS))


@given(VALUES)
def test_what_has_no_problem_is_json_and_reads_back_the_same(value: Any) -> None:
    if not _problems(value, 99):
        assert json.loads(json.dumps(value, ensure_ascii=False, allow_nan=False).encode()) == value


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (math.nan, "the document: nan is not a valid JSON number"),
        ({"a": [1, 2**63]}, "a[1]: the number needs more than 64 bits"),
        ({"a": {"b": -(2**63) - 1}}, "a.b: the number needs more than 64 bits"),
        ({"a": "\ud800"}, "a: invalid Unicode: an unpaired surrogate"),
        ({"a": {"\udfff": 1}}, "a: key '\\udfff' is not a string"),
        ({None: 1}, "the document: key None is not a string"),
        ({"a": date(2026, 1, 1)}, "a: date cannot be encoded as JSON"),
    ],
)
def test_each_problem_is_told_by_its_path(value: Any, problem: str) -> None:
    assert _problems(
        {"good": [True, 1.5, None, "ü"]} | value if type(value) is dict else value
    ) == [problem]


def test_what_is_nested_without_end_is_told_and_left() -> None:
    deep: list[Any] = []
    deep.append(deep)
    assert _problems({"a": deep}) == ["a[0][0][0][0][0][0][0][0]: nested too deeply"]
    assert _problems({"a": [[], {}]}, 3) == []
    assert _problems({"a": [[], {}]}, 2) == [
        "a[0]: nested too deeply",
        "a[1]: nested too deeply",
    ]
