"""What golden outputs show of objects."""

from collections.abc import Mapping, Sequence
from typing import Any


def at(found: Any, path: str) -> Any:
    """Return the value at a path; items of a list go by name, by kind, or by place.

    A slash in a key is written ~1, as in a JSON pointer.
    """
    for part in path.split("/") if path else ():
        found = _step(found, part.replace("~1", "/"))
    return found


def lines(conditions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return conditions as lines: type, status, reason, and the message where there is one."""
    return [
        f"{it['type']} {it['status']} {it['reason']}: {it['message']}".removesuffix(": ")
        for it in conditions
    ]


def _step(found: Any, part: str) -> Any:
    if isinstance(found, Mapping):
        return found.get(part)
    if isinstance(found, list) and part.isdecimal():
        return found[int(part)]
    if isinstance(found, list):
        return next((it for it in found if part in _names(it)), None)
    return None


def _names(found: Mapping[str, Any]) -> tuple[Any, ...]:
    return (found.get("name"), found.get("kind"), found.get("metadata", {}).get("name"))
