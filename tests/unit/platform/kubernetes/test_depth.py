"""kode.platform.kubernetes.depth: one deep object is nobody else's trouble."""

import orjson
import pytest

from kode.api.document import parse
from kode.errors import InvalidSpec
from kode.platform.kubernetes import depth


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b'"}[\\"{"' + b"}" * levels


def proxy(name: str, value: bytes) -> bytes:
    head = b'{"apiVersion":"kode.jacero.io/v1alpha1","kind":"EnvoyProxyConfig","metadata":{"name":"'
    return (
        head
        + name.encode()
        + b'"},"spec":{"httpFilters":[{"name":"f","typed_config":'
        + value
        + b"}]}}"
    )


def test_one_object_that_is_too_deep_spoils_no_list() -> None:
    body = b'{"items":[' + b",".join(
        [proxy("before", nested(3)), proxy("deep", nested(9000)), proxy("after", nested(3))]
    )
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body + b"]}")
    before, deep, after = depth.loads(body + b"]}")["items"]
    assert parse(before).metadata.name == "before"
    assert after == orjson.loads(proxy("after", nested(3)))
    assert deep["metadata"]["name"] == "deep"
    assert deep["spec"] == depth.SPEC
    with pytest.raises(InvalidSpec, match="spec"):
        parse(deep)


def test_event_of_a_watch_that_is_too_deep_keeps_its_metadata() -> None:
    body = b'{"type":"ADDED","object":' + proxy("deep", nested(5000)) + b"}"
    found = depth.loads(body)
    assert found["object"]["spec"] == depth.SPEC
    assert found["object"]["metadata"] == {"name": "deep"}


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 400, b"nothing", b'{"a": }'])
def test_what_is_no_json_is_none(body: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        depth.loads(body)


def test_what_is_as_deep_as_is_read_stays() -> None:
    body = nested(depth.DEEPEST)
    assert depth.loads(body) == orjson.loads(body)
