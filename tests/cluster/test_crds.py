"""The CustomResourceDefinitions, as the real API server and the real kubectl take them."""

import subprocess
from typing import Any

import pytest

from kode.api.crd import definitions
from tests.cluster.api import Api, Object, path, words
from tests.cluster.place import Place

CREATED, UNPROCESSABLE = 201, 422
REF = {"kind": "KodeTemplate", "name": "absent"}
URL = "https://example.org/dots"
CODE_SERVER = {"type": "code-server", "image": "linuxserver/code-server"}

REFUSED: list[tuple[str, Any, str]] = [
    ("Kode", {}, "spec.templateRef"),
    ("Kode", {"templateRef": {"kind": "Template", "name": "t"}}, "spec.templateRef.kind"),
    ("Kode", {"templateRef": {**REF, "name": "Not A Name"}}, "spec.templateRef.name"),
    (
        "Kode",
        {"templateRef": {"kind": "KodeClusterTemplate", "name": "t", "namespace": "n"}},
        "a KodeClusterTemplate has no namespace",
    ),
    ("Kode", {"templateRef": REF, "user": "a:b"}, "spec.user"),
    ("Kode", {"templateRef": REF, "password": ""}, "spec.password"),
    (
        "Kode",
        {"templateRef": REF, "password": "p", "existingSecret": "s"},
        "password and existingSecret exclude each other",
    ),
    ("Kode", {"templateRef": REF, "home": "config"}, "spec.home"),
    ("Kode", {"templateRef": REF, "home": "/config/../etc"}, "spec.home"),
    ("Kode", {"templateRef": REF, "workspace": "/absolute"}, "spec.workspace"),
    (
        "Kode",
        {"templateRef": REF, "storage": {"resources": {"requests": {"storage": "-1Gi"}}}},
        "spec.storage.resources.requests.storage",
    ),
    (
        "Kode",
        {"templateRef": REF, "storage": {"existingVolumeClaim": "c", "storageClassName": "s"}},
        "existingVolumeClaim is mounted as it is",
    ),
    ("Kode", {"templateRef": REF, "userConfig": "ext::sh -c x"}, "spec.userConfig"),
    (
        "Kode",
        {"templateRef": REF, "userConfig": URL, "dotfiles": {"repository": URL}},
        "userConfig is short for dotfiles.repository",
    ),
    ("Kode", {"templateRef": REF, "dotfiles": {"repository": URL, "ref": "-f"}}, "ref"),
    ("KodeTemplate", {"type": "custom", "image": "i"}, "a template of type custom needs port"),
    ("KodeTemplate", {**CODE_SERVER, "tz": "{{ a b }}"}, "spec.tz"),
    ("KodeTemplate", {**CODE_SERVER, "parameters": [{"name": "a.b"}]}, "parameters[0].name"),
    (
        "KodeTemplate",
        {**CODE_SERVER, "parameters": [{"name": "a", "min": 1}]},
        "min and max are for a parameter of type number",
    ),
    (
        "KodeTemplate",
        {**CODE_SERVER, "parameters": [{"name": "a", "type": "number", "min": 2, "max": 1}]},
        "min must not be larger than max",
    ),
    ("KodeTemplate", {"image": "i"}, "spec.type"),
    ("KodeTemplate", {"type": "emacs", "image": "i"}, "spec.type"),
    ("KodeTemplate", {**CODE_SERVER, "port": 0}, "spec.port"),
    ("KodeTemplate", {**CODE_SERVER, "puid": 0}, "spec.puid"),
    ("KodeTemplate", {**CODE_SERVER, "allowedNamespaces": ["A"]}, "spec.allowedNamespaces[0]"),
    (
        "KodeClusterTemplate",
        {**CODE_SERVER, "envFrom": [{}]},
        "exactly one of secretRef and configMapRef",
    ),
    ("EnvoyProxyConfig", {"authType": "ldap"}, "spec.authType"),
    (
        "EnvoyProxyClusterConfig",
        {"httpFilters": [{"typed_config": {}}]},
        "spec.httpFilters[0].name",
    ),
]


def _document(kind: str, spec: Object) -> Object:
    return {
        "apiVersion": "kode.jacero.io/v1alpha1",
        "kind": kind,
        "metadata": {"generateName": "case-"},
        "spec": spec,
    }


def _kubectl(*arguments: str) -> str:
    return subprocess.run(
        ["kubectl", *arguments], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("wanted", definitions(), ids=lambda wanted: wanted["metadata"]["name"])
def test_the_api_server_takes_it_without_a_warning(wanted: Object, api: Api, place: Place) -> None:
    del place  # the operator, and the definitions with it, are installed
    name = wanted["metadata"]["name"]
    answer = api.http.patch(
        path("CustomResourceDefinition", "", name),
        json=wanted,
        headers={"Content-Type": "application/apply-patch+yaml"},
        params={
            "fieldManager": "tests",
            "force": "true",
            "dryRun": "All",
            "fieldValidation": "Strict",
        },
    )
    assert answer.is_success, words(answer)
    assert "warning" not in answer.headers
    stands = api.get("CustomResourceDefinition", name)
    assert stands is not None
    told = {item["type"]: item["status"] for item in stands["status"]["conditions"]}
    assert told["Established"] == "True"
    assert told["NamesAccepted"] == "True"
    assert told.get("NonStructuralSchema", "False") == "False"


@pytest.mark.parametrize(("kind", "spec", "named"), REFUSED, ids=lambda part: str(part)[:40])
def test_a_refusal_names_the_field_and_says_why(
    kind: str, spec: Object, named: str, api: Api, place: Place
) -> None:
    answer = api.http.post(path(kind, place.namespace), json=_document(kind, spec))
    assert answer.status_code == UNPROCESSABLE, answer.text
    assert named in words(answer)


def test_an_unknown_field_is_refused_by_name(api: Api, place: Place) -> None:
    answer = api.http.post(
        path("Kode", place.namespace),
        json=_document("Kode", {"templateRef": REF, "sorage": {}}),
        params={"fieldValidation": "Strict"},
    )
    assert not answer.is_success
    assert 'unknown field "spec.sorage"' in words(answer)


def test_one_word_means_one_kode_and_another_everything(place: Place) -> None:
    place.apply({**_document("Kode", {"templateRef": REF}), "metadata": {"name": "one"}})
    for word in ("kode", "kodes", "kd"):
        assert (
            _kubectl("get", word, "one", "-n", place.namespace, "-o", "name")
            .strip()
            .endswith("/one")
        )
    listed = _kubectl("get", "kode-all", "-n", place.namespace, "-o", "name")
    assert "kode.kode.jacero.io/one" in listed
    printed = _kubectl("get", "kode", "one", "-n", place.namespace).splitlines()[0].split()
    assert printed == ["NAME", "TEMPLATE", "PHASE", "READY", "REASON", "AGE"]


def test_status_is_written_apart_from_spec(api: Api, place: Place) -> None:
    made = api.http.post(
        path("Kode", place.namespace),
        json={**_document("Kode", {"templateRef": REF}), "status": {"phase": "Running"}},
    )
    assert made.status_code == CREATED
    assert "status" not in made.json()
