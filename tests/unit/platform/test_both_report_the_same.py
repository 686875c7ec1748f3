"""Both platforms report the same conditions of the same situation: types, statuses, reasons."""

from typing import Any

import pytest

from kode.api.conditions import ConditionType
from kode.controllers.inputs import KodeKey
from tests.golden.story import placed
from tests.simulation.cluster import Cluster
from tests.simulation.machine import NAMESPACE, machine

API = "kode.jacero.io/v1alpha1"
DEV = KodeKey(NAMESPACE, "dev")


def kode(**spec: Any) -> dict[str, Any]:
    ref = {"kind": "KodeTemplate", "name": "base"}
    metadata = {"name": "dev"}
    return {
        "apiVersion": API,
        "kind": "Kode",
        "metadata": metadata,
        "spec": {"templateRef": ref, **spec},
    }


def template(**spec: Any) -> dict[str, Any]:
    given = {"type": "code-server", "image": "linuxserver/code-server", **spec}
    return {"apiVersion": API, "kind": "KodeTemplate", "metadata": {"name": "base"}, "spec": given}


def proxy(**spec: Any) -> dict[str, Any]:
    metadata = {"name": "sso"}
    return {"apiVersion": API, "kind": "EnvoyProxyConfig", "metadata": metadata, "spec": spec}


LOGIN = {"password": "correct-horse-battery"}
OTHER = {"kind": "KodeTemplate", "name": "base", "namespace": "shared"}
SHARED = {**template(), "metadata": {"name": "base", "namespace": "shared"}}
SHARED_WITH_US = {**SHARED, "spec": {**SHARED["spec"], "allowedNamespaces": [NAMESPACE]}}
EDITED = {"env": [{"name": "A", "value": "b"}]}
_METADATA = "type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config"
ADDS = {"name": "adds", "typed_config": {"@type": _METADATA}}
REFERS = {"envoyProxyRef": {"name": "sso"}}

# What is applied, one after the other; after each both come to rest.
SITUATIONS: dict[str, list[dict[str, Any]]] = {
    "it runs": [template(), kode(**LOGIN)],
    "its template is missing": [kode(**LOGIN)],
    "its template comes later": [kode(**LOGIN), template()],
    "its template is edited": [
        template(),
        kode(**LOGIN),
        template(env=[{"name": "A", "value": "b"}]),
    ],
    "it is edited": [template(), kode(**LOGIN), kode(**LOGIN, **EDITED)],
    "its password is changed": [template(), kode(**LOGIN), kode(password="another-horse")],
    "its proxy config is edited": [
        template(**REFERS),
        proxy(authType="basic"),
        kode(**LOGIN),
        proxy(authType="basic", httpFilters=[ADDS]),
    ],
    "it is suspended": [template(), kode(**LOGIN, suspend=True)],
    "it is suspended while it runs": [template(), kode(**LOGIN), kode(**LOGIN, suspend=True)],
    "it is started again": [template(), kode(suspend=True, **LOGIN), kode(**LOGIN)],
    "it is suspended and its template is missing": [kode(**LOGIN, suspend=True)],
    "its existing Secret is missing": [template(), kode(existingSecret="login")],
    "its Secret and its template are missing": [kode(existingSecret="login")],
    "its proxy config is missing": [template(**REFERS), kode(**LOGIN)],
    "its proxy config asks for a password": [
        template(**REFERS),
        proxy(authType="basic"),
        kode(**LOGIN),
    ],
    "its template is not for its namespace": [SHARED, kode(templateRef=OTHER, **LOGIN)],
    "its template is not for its namespace any more": [
        SHARED_WITH_US,
        kode(templateRef=OTHER, **LOGIN),
        SHARED,
    ],
    "the claim that it is to mount is missing": [
        template(),
        kode(storage={"existingVolumeClaim": "data"}, **LOGIN),
    ],
    "it asks for more than its template grants": [template(), kode(privileged=True, **LOGIN)],
}


def conditions(status: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(it["type"], it["status"], it["reason"]) for it in status["conditions"]]


def on_a_cluster(documents: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    cluster = Cluster()
    for document in documents:
        cluster.store.write(placed(document))
        cluster.settle(DEV)
    found = cluster.store.find("Kode", NAMESPACE, "dev")
    assert found is not None
    return conditions(found["status"])


def on_a_machine(documents: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    with machine() as it:
        for document in documents:
            it.write(placed(document))
            it.settle("dev")
        found = it.find("Kode", "dev")
    assert found is not None
    told = conditions(dict(found["status"]))
    # What one machine cannot give it says besides.
    return [line for line in told if line[0] != ConditionType.DEGRADED.value]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_conditions_are_those_of_the_other_platform(situation: str) -> None:
    documents = SITUATIONS[situation]
    assert on_a_machine(documents) == on_a_cluster(documents)
