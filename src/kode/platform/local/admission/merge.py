"""Three-way apply: what was applied before, what is applied now, what stands there.

Rule: the same outcome as server-side apply with force. Maps are merged key by key, and lists that
the schema calls maps item by item; any other list is one value. What an earlier apply had set and
this one lacks goes; what others have set stays.

What was applied is noted as fields without values, in the shape of managedFields: `f:` and a key of
a map, `k:` and the name of an item. A write by others takes the fields that it changes out of that.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kode.platform.local.admission.schemas import with_defaults
from kode.platform.local.store.objects import Document

Fields = dict[str, Any]
Schema = Mapping[str, Any]

_META = ("labels", "annotations", "finalizers", "ownerReferences")
_APART = frozenset({"apiVersion", "kind", "metadata", "status"})


def fields(document: Mapping[str, Any], schema: Schema) -> Fields:
    """Return the fields that a document sets.

    Args:
        document: a whole document.
        schema: the schema of its kind; empty where there is none.
    """
    return _fields(_content(document), schema)


def merge(
    live: Mapping[str, Any], before: Fields, document: Mapping[str, Any], schema: Schema
) -> Document:
    """Return what an object becomes by an apply.

    Args:
        live: the object as it stands; its status and other metadata are kept.
        before: the fields of earlier applies.
        document: what is applied.
        schema: the schema of the kind.
    """
    wanted = _content(document)
    rest = _without(_content(live), before, _fields(wanted, schema), schema)
    return _put_back(live, _merge(rest, wanted, schema))


def release_fields(
    before: Fields, live: Mapping[str, Any], written: Mapping[str, Any], schema: Schema
) -> Fields:
    """Return the fields of earlier applies that a write by others has left as they were.

    Args:
        before: the fields of earlier applies.
        live: the object before the write.
        written: the object after it.
        schema: the schema of the kind.
    """
    return _release_item(before, _content(live), _content(written), schema)


def _content(document: Mapping[str, Any]) -> Document:
    """Return all that an apply is about, with the part of metadata that writers may set."""
    content = {key: value for key, value in document.items() if key not in _APART}
    metadata = document.get("metadata") or {}
    content["metadata"] = {key: metadata[key] for key in _META if metadata.get(key)}
    return content


def _put_back(live: Mapping[str, Any], content: Document) -> Document:
    kept = {key: value for key, value in live.items() if key in _APART}
    metadata = {key: value for key, value in live["metadata"].items() if key not in _META}
    return {**kept, **content, "metadata": {**metadata, **content.get("metadata", {})}}


def _fields(value: object, schema: Schema, handle: str | None = None) -> Fields:
    if isinstance(value, Mapping):
        return {
            f"f:{key}": _fields(inner, _below(schema, key))
            for key, inner in value.items()
            if key != handle
        }
    items = _by_name(value, schema)
    if items is not None:
        handle = schema["x-kubernetes-list-map-keys"][0]
        return {
            # The handle of an item stands and falls with the item.
            f"k:{name}": _fields(item, _item(schema), handle)
            for name, item in items.items()
        }
    return {}


def _merge(live: Any, wanted: Any, schema: Schema) -> Any:
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        added = {
            key: _merge(live.get(key), value, _below(schema, key)) for key, value in wanted.items()
        }
        return {**live, **added}
    new = _by_name(wanted, schema)
    old = _by_name(live, schema)
    if new is None or old is None:
        return wanted
    return _in_order(
        {name: _merge(old.get(name), item, _item(schema)) for name, item in new.items()}, old
    )


def _in_order(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[Any]:
    """Return the items in the order that is applied; others' stay behind what they stood behind."""
    names = list(new)
    last: str | None = None
    for name in old:
        if name not in new:
            names.insert(0 if last is None else names.index(last) + 1, name)
        last = name
    return [new[name] if name in new else old[name] for name in names]


def _without(live: Any, before: Fields, now: Fields, schema: Schema) -> Any:
    """Return what stands there without the fields that are not set any more."""
    items = _by_name(live, schema)
    if items is not None:
        rest = {
            name: _remove_released(item, f"k:{name}", (before, now), _item(schema))
            for name, item in items.items()
        }
        return [item for item in rest.values() if item is not _GONE]
    if not isinstance(live, Mapping):
        return live
    rest = {
        key: _remove_released(value, f"f:{key}", (before, now), _below(schema, key))
        for key, value in live.items()
    }
    return {key: value for key, value in rest.items() if value is not _GONE}


def _remove_released(value: Any, field: str, noted: tuple[Fields, Fields], schema: Schema) -> Any:
    before, now = noted
    if field not in before:
        return value
    rest = _without(value, before[field], now.get(field, {}), schema)
    if field in now:
        return rest
    if isinstance(rest, Mapping):
        # Nobody else has set the handle of an item, or what is there by default.
        bare = {"name": rest["name"]} if field.startswith("k:") and "name" in rest else {}
        filled = with_defaults(rest, schema)
        return _GONE if filled == with_defaults(bare, schema) else rest
    return rest if rest and _by_name(rest, schema) is not None else _GONE


def _release_item(before: Fields, live: Any, written: Any, schema: Schema) -> Fields:
    left: Fields = {}
    for field, inner in before.items():
        old, new = _at(live, field, schema), _at(written, field, schema)
        if new is _GONE:
            continue
        if old == new:
            left[field] = inner
        elif inner and (rest := _release_item(inner, old, new, _step(schema, field))):
            left[field] = rest
    return left


def _at(value: Any, field: str, schema: Schema) -> Any:
    name = field[2:]
    if field.startswith("k:"):
        return (_by_name(value, schema) or {}).get(name, _GONE)
    return value.get(name, _GONE) if isinstance(value, Mapping) else _GONE


def _by_name(value: object, schema: Schema) -> dict[str, Any] | None:
    """Return the items of a list that is a map; None for anything else."""
    if not isinstance(value, list) or schema.get("x-kubernetes-list-type") != "map":
        return None
    keys: Sequence[str] = schema.get("x-kubernetes-list-map-keys", ())
    if len(keys) != 1 or not all(isinstance(item, Mapping) and keys[0] in item for item in value):
        return None
    return {str(item[keys[0]]): item for item in value}


def _step(schema: Schema, field: str) -> Schema:
    return _item(schema) if field.startswith("k:") else _below(schema, field[2:])


def _below(schema: Schema, key: str) -> Schema:
    inner = schema.get("properties", {}).get(key, schema.get("additionalProperties", {}))
    return inner if isinstance(inner, Mapping) else {}


def _item(schema: Schema) -> Schema:
    items: Schema = schema.get("items", {})
    return items


_GONE: Any = object()
