"""kode.api.crd."""

from collections.abc import Iterator
from typing import Any

import pytest

from kode.api import crd, kinds
from kode.api.document import CLUSTER_SCOPED, KINDS
from kode.api.meta import Model

Schema = dict[str, Any]
DEFINITIONS = {it["spec"]["names"]["kind"]: it for it in crd.definitions()}
ALLOWED = {
    *("additionalProperties", "anyOf", "default", "description", "enum", "format", "items"),
    *("maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minimum"),
    *("pattern", "properties", "required", "type", "x-kubernetes-int-or-string"),
    *("x-kubernetes-list-map-keys", "x-kubernetes-list-type", "x-kubernetes-validations"),
    "x-kubernetes-preserve-unknown-fields",
}


def schema(kind: str) -> Schema:
    found: Schema = DEFINITIONS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def nodes(node: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    yield path, node
    for name, field in node.get("properties", {}).items():
        yield from nodes(field, f"{path}.{name}")
    for inner, mark in (("items", "[]"), ("additionalProperties", ".*")):
        if inner in node:
            yield from nodes(node[inner], path + mark)


NODES = [pair for kind in KINDS for pair in nodes(schema(kind), kind)]


def test_every_kind_has_a_definition() -> None:
    assert list(DEFINITIONS) == list(KINDS) == [kind.name for kind in kinds.ALL]


@pytest.mark.parametrize("kind", KINDS)
def test_definition_is_named_scoped_and_listed(kind: str) -> None:
    definition = DEFINITIONS[kind]
    names = definition["spec"]["names"]
    assert definition["metadata"]["name"] == f"{names['plural']}.kode.jacero.io"
    assert names["plural"] == f"{kind.lower()}s"
    assert names["singular"] == kind.lower()
    assert definition["spec"]["scope"] == ("Cluster" if kind in CLUSTER_SCOPED else "Namespaced")
    # A category of the same name as a kind would take `kubectl get kode NAME` for itself.
    assert names["categories"] == ["kode-all"]


def test_short_names_differ() -> None:
    assert len({it["spec"]["names"]["shortNames"][0] for it in DEFINITIONS.values()}) == len(KINDS)


def test_status_of_a_kode_is_a_subresource() -> None:
    version = DEFINITIONS["Kode"]["spec"]["versions"][0]
    assert version["subresources"] == {"status": {}}
    assert "status" in version["schema"]["openAPIV3Schema"]["properties"]


@pytest.mark.parametrize("kind", KINDS)
def test_printed_columns_stand_in_the_schema(kind: str) -> None:
    paths = {path for path, _ in nodes(schema(kind), "")}
    for column in DEFINITIONS[kind]["spec"]["versions"][0]["additionalPrinterColumns"]:
        path = column["jsonPath"]
        known = path.startswith((".metadata.", ".status.conditions[?(@.type==")) or path in paths
        assert known, f"{path} is no field"


@pytest.mark.parametrize(("path", "node"), NODES)
def test_schema_is_structural(path: str, node: Schema) -> None:
    assert node.keys() <= ALLOWED, path
    untyped = ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")
    assert "type" in node or any(node.get(key) for key in untyped), path
    assert not ("properties" in node and "additionalProperties" in node), path
    assert node.get("type") != "array" or "items" in node, path
    assert node.get("type") != "object" or bounded(node) or path.endswith(".metadata"), path


def bounded(node: Schema) -> bool:
    return (
        "properties" in node
        or "maxProperties" in node
        or bool(node.get("x-kubernetes-preserve-unknown-fields"))
    )


@pytest.mark.parametrize(("path", "node"), NODES)
def test_field_says_what_it_means(path: str, node: Schema) -> None:
    outside = path.endswith(("[]", ".*", ".apiVersion", ".kind", ".metadata"))
    assert outside or node.get("description"), path


@pytest.mark.parametrize(("path", "node"), NODES)
def test_lists_are_bounded(path: str, node: Schema) -> None:
    of_status = ".status." in path
    assert node.get("type") != "array" or "maxItems" in node or of_status, path


def test_only_scalars_are_defaulted_by_the_api_server() -> None:
    defaults = {path: node["default"] for path, node in NODES if "default" in node}
    assert defaults["Kode.spec.suspend"] is False
    assert defaults["EnvoyProxyConfig.spec.authType"] == "none"
    assert not [path for path, value in defaults.items() if isinstance(value, list | dict)]


def test_rule_across_fields_stands_beside_them() -> None:
    rule, _ = schema("Kode")["properties"]["spec"]["x-kubernetes-validations"]
    assert rule == {
        "rule": "!(has(self.password) && has(self.existingSecret))",
        "message": "password and existingSecret exclude each other: set one of them",
    }


def test_what_is_no_model_has_no_schema() -> None:
    with pytest.raises(TypeError, match="is not a model"):
        crd.structural(dict)
    assert crd.structural(Model)["type"] == "object"
