"""The structural schemas of our kinds, and what the API server does by them besides refusing.

Rule: taken from the definitions that a cluster gets, so that a document reads the same on both.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from kode.api.crd import definitions

Schema = Mapping[str, Any]


@cache
def of(kind: str) -> Schema:
    """Return the schema of a kind of ours; empty for any other."""
    for definition in definitions():
        if definition["spec"]["names"]["kind"] == kind:
            schema: Schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            return schema
    return {}


def without_nulls(value: Any, schema: Schema) -> Any:
    """Return a value without the nulls that stand for a field left out."""
    if isinstance(value, list):
        return [without_nulls(item, schema.get("items", {})) for item in value]
    if not isinstance(value, Mapping) or schema.get("x-kubernetes-preserve-unknown-fields"):
        return value
    known: Mapping[str, Any] = schema.get("properties", {})
    return {
        key: without_nulls(inner, known.get(key, {}))
        for key, inner in value.items()
        if inner is not None or key not in known
    }


def with_defaults(value: Any, schema: Schema) -> Any:
    """Return a value with the defaults of what it leaves out, in the objects that it has."""
    if isinstance(value, list):
        return [with_defaults(item, schema.get("items", {})) for item in value]
    if not isinstance(value, Mapping):
        return value
    known: Mapping[str, Any] = schema.get("properties", {})
    present = {key: with_defaults(inner, known.get(key, {})) for key, inner in value.items()}
    added = {
        key: field["default"]
        for key, field in known.items()
        if "default" in field and key not in present
    }
    return {**present, **added}
