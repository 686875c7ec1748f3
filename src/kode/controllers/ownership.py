"""Fields that a create made ours, handed over to server-side apply.

Rule: afterwards one entry of managedFields speaks for us, an Apply; so a field that is no longer
applied really goes.

A create notes its fields as an Update, and server-side apply takes away only what an earlier Apply
of the same manager set. Source:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply
"""

from collections.abc import Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]


def handed_over(entries: Sequence[Entry], manager: str) -> list[Entry] | None:
    """Return managedFields with the manager's Updates turned into its Apply.

    Args:
        entries: managedFields as they stand.
        manager: the field manager.

    Returns:
        The new entries; None where there is nothing to hand over.
    """
    updates = [entry for entry in entries if _is(entry, manager, "Update")]
    if not updates:
        return None
    applied = [entry for entry in entries if _is(entry, manager, "Apply")]
    others = [entry for entry in entries if entry not in updates and entry not in applied]
    fields: dict[str, Any] = {}
    for entry in (*applied, *updates):
        fields = _union(fields, entry.get("fieldsV1") or {})
    merged = {**updates[-1], "operation": "Apply", "fieldsV1": fields}
    return [merged, *others]


def _is(entry: Entry, manager: str, operation: str) -> bool:
    return (
        entry.get("manager") == manager
        and entry.get("operation") == operation
        and not entry.get("subresource")
    )


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(one)
    for key, value in other.items():
        result[key] = _union(result.get(key) or {}, value or {})
    return result
