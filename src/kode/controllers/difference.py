"""Whether a live object is as it is desired.

Rule: what the desired object does not name is not ours to judge: defaults of the API server, fields
of other controllers, extra items in lists that merge by a key.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Object = Mapping[str, Any]

IMMUTABLE: dict[str, tuple[tuple[str, ...], ...]] = {
    "PersistentVolumeClaim": (
        ("spec", "accessModes"),
        ("spec", "storageClassName"),
    ),
    "StatefulSet": (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "podManagementPolicy"),
    ),
}
"""Fields that Kubernetes lets nobody change once an object exists, by kind."""

_MERGE_KEYS = ("name", "mountPath", "containerPort", "port")


def covers(live: Any, desired: Any) -> bool:
    """Tell whether everything that is desired stands in the live value."""
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and all(
            key in live and covers(live[key], value) for key, value in desired.items()
        )
    if isinstance(desired, list | tuple):
        return isinstance(live, list | tuple) and _list_covers(live, desired)
    return bool(live == desired)


def keep_immutable(live: Object, desired: Object) -> tuple[dict[str, Any], list[str]]:
    """Return the desired object with what cannot be changed taken from the live one.

    Returns:
        The object, and the paths of the fields where the wish is not followed.
    """
    result = _copied(desired)
    ignored = []
    for path in IMMUTABLE.get(str(desired.get("kind")), ()):
        wished, stands = _at(desired, path), _at(live, path)
        if wished is not None and stands is not None and not covers(stands, wished):
            _put(result, path, stands)
            ignored.append(".".join(path))
    size = ("spec", "resources", "requests", "storage")
    if desired.get("kind") == "PersistentVolumeClaim" and _shrinks(
        _at(live, size), _at(desired, size)
    ):
        _put(result, size, _at(live, size))
        ignored.append(".".join(size))
    return result, ignored


def amount(quantity: object) -> float:
    """Return a Kubernetes quantity as a number; 0 for what is none."""
    text = str(quantity)
    units = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
    small = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
    factor = units.get(text[-2:]) or small.get(text[-1:]) or (1e18 if text.endswith("E") else None)
    digits = text.rstrip("KMGTPEinumk") if factor else text
    try:
        return float(digits) * (factor or 1)
    except ValueError:
        return 0.0


def _list_covers(live: Sequence[Any], desired: Sequence[Any]) -> bool:
    key = _merge_key(desired)
    if key is None:
        return len(live) == len(desired) and all(
            covers(one, other) for one, other in zip(live, desired, strict=True)
        )
    by_key = {item.get(key): item for item in live if isinstance(item, Mapping)}
    return all(item[key] in by_key and covers(by_key[item[key]], item) for item in desired)


def _merge_key(items: Sequence[Any]) -> str | None:
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    return next((key for key in _MERGE_KEYS if all(key in item for item in items)), None)


def _shrinks(live: object, desired: object) -> bool:
    return live is not None and desired is not None and amount(desired) < amount(live)


def _at(value: Any, path: Sequence[str]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _put(value: dict[str, Any], path: Sequence[str], new: Any) -> None:
    for key in path[:-1]:
        value = value.setdefault(key, {})
    value[path[-1]] = new


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return value
