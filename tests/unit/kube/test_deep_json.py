"""kode.kube.deep_json: one deep object is nobody else's trouble."""

import json
import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kode.api.document import parse
from kode.errors import InvalidSpec
from kode.kube.deep_json import MAX_DEPTH, loads, truncate

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('[]{}"\\ab\n'),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('[{"\\'), inner, max_size=3)
    ),
    max_leaves=30,
)


def _pruned(value: object, left: int) -> object:
    if isinstance(value, list | dict) and left == 0:
        return None
    if isinstance(value, list):
        return [_pruned(item, left - 1) for item in value]
    if isinstance(value, dict):
        return {key: _pruned(item, left - 1) for key, item in value.items()}
    return value


@given(_VALUES, st.integers(1, 4), st.booleans())
def test_what_is_cut_is_what_lies_below_a_level(value: object, deepest: int, ascii: bool) -> None:  # noqa: A002, FBT001
    body = json.dumps(value, ensure_ascii=ascii).encode()
    assert json.loads(truncate(body, deepest)) == _pruned(value, deepest)


@pytest.mark.parametrize("depth", [900, 1025, 10_000])
def test_an_object_of_any_depth_is_read_with_those_beside_it(depth: int) -> None:
    deep = b'{"a":[' * (depth // 2) + b'"]}"' + b"]}" * (depth // 2)
    found = loads(b'{"items":[{"name":"one"},' + deep + b',{"name":"two"}]}')
    assert [item.get("name") for item in found["items"]] == ["one", None, "two"]


def test_what_is_kept_is_deep_enough_to_be_refused_for_it() -> None:
    found, levels = loads(b"[" * 5000 + b"]" * 5000), 0
    while found:
        found, levels = found[0], levels + 1
    assert levels == MAX_DEPTH


def _proxy(name: str, value: bytes) -> bytes:
    kind = b'{"apiVersion":"kode.jacero.io/v1alpha1","kind":"EnvoyProxyConfig"'
    spec = b'"spec":{"httpFilters":[{"name":"f","typed_config":' + value + b"}]}}"
    return kind + b',"metadata":{"name":"' + name.encode() + b'"},' + spec


def test_a_proxy_config_that_was_cut_is_refused_and_those_beside_it_are_not() -> None:
    deep = b'{"a":' * 9000 + b"1" + b"}" * 9000
    one, cut_off, two = loads(
        b"[" + b",".join((_proxy("one", b"1"), _proxy("deep", deep), _proxy("two", b"{}"))) + b"]"
    )
    assert (parse(one).metadata.name, parse(two).metadata.name) == ("one", "two")
    assert cut_off["metadata"] == {"name": "deep"}
    with pytest.raises(InvalidSpec, match="nested deeper"):
        parse(cut_off)


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"a":', b"[" * 3000])
def test_what_is_no_json_stays_none(body: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        loads(body)


@pytest.mark.attack
def test_a_megabyte_is_cut_in_no_time() -> None:
    body = b"[" * 2000 + b'{"key":"value \\" []"},' * 50_000 + b"1" + b"]" * 2000
    began = time.process_time()
    loads(body)
    assert time.process_time() - began < 2
