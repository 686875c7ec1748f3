"""CustomResourceDefinitions, made from the types.

Rule: nothing about a field is said here that its type does not say; the schemas are structural
(https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/).
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from kode.api import kinds
from kode.api.document import KINDS
from kode.api.kinds import Kind
from kode.api.meta import GROUP, VERSION, CustomResource
from kode.api.status import KodeStatus

Schema = dict[str, Any]

_DROPPED = frozenset({"title", "$defs", "propertyNames"})


_AGE = ("Age", "date", ".metadata.creationTimestamp")
_TEMPLATE = (("Type", "string", ".spec.type"), ("Image", "string", ".spec.image"), _AGE)
_PROXY = (("Auth", "string", ".spec.authType"), ("Image", "string", ".spec.image"), _AGE)

_COLUMNS: Mapping[Kind, tuple[tuple[str, str, str], ...]] = {
    kinds.KODE: (
        ("Template", "string", ".spec.templateRef.name"),
        ("Phase", "string", ".status.phase"),
        ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
        ("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason'),
        _AGE,
    ),
    kinds.TEMPLATE: _TEMPLATE,
    kinds.CLUSTER_TEMPLATE: _TEMPLATE,
    kinds.PROXY_CONFIG: _PROXY,
    kinds.CLUSTER_PROXY_CONFIG: _PROXY,
}
"""Kind to its printer columns: name, type and JSON path of each."""


def definitions() -> list[dict[str, Any]]:
    """Return the CustomResourceDefinition of every kind, in a fixed order."""
    return [_definition(kind, KINDS[kind.name]) for kind in kinds.ALL]


def _definition(kind: Kind, model: type[CustomResource]) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind.name,
                "listKind": f"{kind.name}List",
                "plural": kind.plural,
                "singular": kind.name.lower(),
                "shortNames": [kind.short],
                "categories": ["kode-all"],
            },
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": _object_schema(kind.name, model)},
                    **({"subresources": {"status": {}}} if kind is kinds.KODE else {}),
                    "additionalPrinterColumns": [
                        {"name": name, "type": column, "jsonPath": path}
                        for name, column, path in _COLUMNS[kind]
                    ],
                }
            ],
        },
    }


def _object_schema(kind: str, model: type[CustomResource]) -> Schema:
    spec = model.model_fields["spec"]
    properties: Schema = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": structural(spec.annotation),
    }
    if kind == "Kode":
        properties["status"] = structural(KodeStatus)
    schema: Schema = {
        "type": "object",
        "description": (model.__doc__ or "").strip(),
        "properties": properties,
    }
    if spec.is_required():
        schema["required"] = ["spec"]
    return schema


def structural(model: Any) -> Schema:
    """Return the structural schema of a model: references inlined, null and titles gone."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"{model!r} is not a model")
    raw = _json_schema(model)
    return _plain(raw, raw.get("$defs", {}))


@cache
def _json_schema(model: type[BaseModel]) -> Mapping[str, Any]:
    # Kinds share the models of their specs, and to make a schema takes most of the time here.
    return model.model_json_schema(by_alias=True)


def _plain(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Schema:
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[-1]]
        # What stands beside the reference (a description, a default) wins over the target's own.
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    if "anyOf" in node and "x-kubernetes-int-or-string" not in node:
        node = _without_null(node)
        if "$ref" in node:
            return _plain(node, definitions)
    plain = {key: value for key, value in node.items() if key not in _DROPPED}
    _drop_useless_default(plain)
    return _descend(plain, definitions)


def _without_null(node: Mapping[str, Any]) -> Schema:
    (present,) = [option for option in node["anyOf"] if option.get("type") != "null"]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**present, **rest}


def _drop_useless_default(plain: Schema) -> None:
    # Only scalars are defaulted by the API server: an empty list or object would be written into
    # every stored object and say nothing.
    if isinstance(plain.get("default"), list | dict) or plain.get("default", 0) is None:
        del plain["default"]


def _descend(plain: Schema, definitions: Mapping[str, Any]) -> Schema:
    if "properties" in plain:
        plain["properties"] = {
            name: _plain(value, definitions) for name, value in plain["properties"].items()
        }
    values = plain.pop("additionalProperties", None)
    if isinstance(values, Mapping):
        plain["additionalProperties"] = _plain(values, definitions)
    if "items" in plain:
        plain["items"] = _plain(plain["items"], definitions)
    return plain
