"""What is nested deeper than anybody reads hides nothing: the watch goes on with all the others."""

from collections.abc import Iterator

import pytest

from tests.cluster.api import path
from tests.cluster.documents import PASSWORD, USER, kode, stand_in
from tests.cluster.place import Place, condition

_KIND = "EnvoyProxyClusterConfig"
_DEPTH = 5000


def _config(name: str, filters: str) -> str:
    head = f'"apiVersion":"kode.jacero.io/v1alpha1","kind":"{_KIND}","metadata":{{"name":"{name}"}}'
    return f'{{{head},"spec":{{"authType":"basic","httpFilters":{filters}}}}}'


def _deep() -> str:
    # As text: Python's own encoder goes a thousand levels deep.
    value = '{"a":' * _DEPTH + "1" + "}" * _DEPTH
    typed = f'{{"@type":"type.googleapis.com/google.protobuf.Struct","value":{value}}}'
    return f'[{{"name":"deep","typed_config":{typed}}}]'


@pytest.fixture
def configs(place: Place) -> Iterator[tuple[str, str]]:
    """One that is nested too deeply, and one after it that is not."""
    names = f"{place.namespace}-deep", f"{place.namespace}-after"
    headers = {"Content-Type": "application/json"}
    try:
        for name, filters in zip(names, (_deep(), "[]"), strict=True):
            body = _config(name, filters)
            answer = place.api.http.post(path(_KIND, ""), content=body, headers=headers)
            assert answer.status_code == 201, answer.text[:500]
        yield names
    finally:
        for name in names:
            place.api.http.delete(path(_KIND, "", name))


def test_one_object_that_nobody_can_read_keeps_no_other_from_being_read(
    place: Place, configs: tuple[str, str]
) -> None:
    for name, config in zip(("deep", "after"), configs, strict=True):
        place.apply(stand_in(name, envoyProxyRef={"kind": _KIND, "name": config}), kode(name, name))
    place.ready("after")
    with place.door("after") as door:
        assert door.status("/") == 401
        assert door.status("/", login=(USER, PASSWORD)) == 200
    told = place.told("deep", "ProxyConfigInvalid", status="False")
    assert "nested" in condition(told, "ResolvedRefs")["message"]
    assert place.absent("Pod", "deep")
