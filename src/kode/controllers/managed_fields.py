"""Fields that belong to us, gathered in one entry of managedFields before server-side apply.

Rule: after an apply, what we no longer ask for is gone, and so is what somebody put into a list
that we ask for; fields and map entries of others that we never name stay theirs.

Without this an apply leaves two things behind. A create notes its fields as an Update, and an apply
takes away only what an earlier Apply of the same manager set. And an item that another manager put
into a list (a port, a container) is kept beside ours, where it may even be in conflict with them.

Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from collections.abc import Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]
Fields = dict[str, Any]
"""FieldsV1: `f:name` for a field, `k:{...}` and `v:...` for the items of a list, `.` for itself."""

_BOOKKEEPING = frozenset({"apiVersion", "kind"})


def take_ownership(entries: Sequence[Entry], manager: str, manifest: Entry) -> list[Entry] | None:
    """Return managedFields in which one Apply of ours holds all that is ours.

    Args:
        entries: managedFields as they stand.
        manager: our field manager.
        manifest: what is to be applied.

    Returns:
        The new entries; None where they are as they should be.
    """
    ours: Fields = {}
    others: list[Entry] = []
    changed = False
    for entry in entries:
        fields = entry.get("fieldsV1") or {}
        if entry.get("subresource"):
            others.append(entry)
        elif entry.get("manager") == manager:
            ours = _union(ours, fields)
            changed = changed or entry.get("operation") != "Apply"
        else:
            left, moved = _split(fields, manifest)
            ours = _union(ours, moved)
            changed = changed or bool(moved)
            if left:
                others.append({**entry, "fieldsV1": left})
    if not changed:
        return None
    api_version = str(manifest["apiVersion"])
    mine = {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": ours,
    }
    return [mine, *others]


def _split(fields: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Fields, Fields]:
    """Return the fields that stay another manager's, and those in lists that we ask for."""
    left, moved = dict(fields), Fields()
    for key, inner in fields.items():
        name = key.removeprefix("f:")
        value = wanted.get(name) if key.startswith("f:") and name not in _BOOKKEEPING else None
        if isinstance(value, list):
            moved[key] = left.pop(key)
        elif isinstance(value, Mapping):
            stays, goes = _split(inner or {}, value)
            if goes:
                moved[key] = goes
                left[key] = stays
                if not stays:
                    del left[key]
    return left, moved


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> Fields:
    result = dict(one)
    for key, value in other.items():
        result[key] = _union(result.get(key) or {}, value or {})
    return result
