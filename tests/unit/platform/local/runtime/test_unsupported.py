"""kode.platform.local.runtime.unsupported."""

from typing import Any

import pytest

from kode.platform.local.runtime.unsupported import list_unsupported
from tests.documents import CODE_SERVER, kode, resolved, template
from tests.unit.platform.local.runtime.hosts import HOST

JUPYTER = {"type": "jupyter", "image": "quay.io/jupyter/scipy-notebook:latest"}


def found(**spec: Any) -> tuple[str, ...]:
    return list_unsupported(resolved(over=template(**spec)), HOST)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"image": f"docker.io/{CODE_SERVER}"},
        {"image": "codercom/code-server"},
        JUPYTER,
        {"service": {"type": "ClusterIP"}},
        {"puid": 501, "pgid": 502},
        {"tz": "Europe/Paris"},
    ],
)
def test_what_is_here_is_not_told(spec: dict[str, Any]) -> None:
    assert not found(**spec)


@pytest.mark.parametrize(
    ("spec", "begins"),
    [
        ({"image": "acme/code-server-go:1"}, "image acme/code-server-go:1"),
        ({**JUPYTER, "image": "quay.io/jupyter/pyspark-notebook"}, "image quay.io/"),
        ({"type": "custom", "image": "acme/app", "port": 9}, "image acme/app"),
        ({"imagePullPolicy": "Always"}, "imagePullPolicy Always"),
        ({"resources": {"limits": {"cpu": "2"}}}, "resources"),
        ({"service": {"type": "NodePort"}}, "service.type NodePort"),
        ({"runtimeClassName": "kata"}, "runtimeClassName kata"),
        ({"hostUsers": False}, "hostUsers false"),
        ({"nodeSelector": {"disk": "fast"}}, "nodeSelector"),
        ({"tolerations": [{"operator": "Exists"}]}, "tolerations"),
        ({"puid": 1000}, "puid 1000"),
        ({"pgid": 1000}, "pgid 1000"),
    ],
)
def test_what_is_not_here_is_told_in_the_words_of_the_yaml(
    spec: dict[str, Any], begins: str
) -> None:
    told = found(**spec)
    assert len(told) == 1
    assert told[0].startswith(begins)


def test_wishes_of_the_kode_are_told_as_well() -> None:
    storage = {"storageClassName": "ssd", "resources": {"requests": {"storage": "1Gi"}}}
    asked = kode(storage=storage, privileged=True)
    told = list_unsupported(resolved(asked, template(allowPrivileged=True)), HOST)
    assert [item.split()[0].rstrip(":") for item in told] == [
        "privileged",
        "storage.storageClassName",
        "storage.resources",
    ]
