"""Whether a live object is as it is desired.

Rule: fields that the desired object does not name are not ours to judge: they are defaults of the
API server, or belong to others. Lists that it names are ours from first to last, but for owners.

Source: the +listType, +listMapKey, +structType and +mapType markers of
https://github.com/kubernetes/api
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from kode.api.meta import Object
from kode.api.quantity import parse_quantity
from kode.api.unstructured import get_path

IMMUTABLE: dict[str, tuple[tuple[str, ...], ...]] = {
    "PersistentVolumeClaim": (
        ("spec", "accessModes"),
        ("spec", "storageClassName"),
    ),
}
"""Fields that Kubernetes lets nobody change once an object exists, by kind."""

_SIZE = ("spec", "resources", "requests", "storage")

_MERGED_BY: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "env": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
"""Lists whose order the API server may change, and what tells their items apart."""

_SHARED = frozenset({"ownerReferences"})
"""Lists that others may add to."""

_WHOLE = frozenset({"data", "egress", "ingress", "nodeSelector", "podSelector", "selector"})
"""Fields that have one owner: an entry too many is as wrong as one too few."""

_AMOUNTS = frozenset({"divisor", "limits", "requests", "sizeLimit"})
"""Fields of quantities, which the API server spells in its own way."""


def is_subset(live: Any, desired: Any, field: str = "") -> bool:
    """Tell whether everything that is desired stands in the live value.

    Args:
        live: the value as it stands.
        desired: the value as it should be.
        field: name of the field whose value it is, which says how it is compared.
    """
    if field in _WHOLE:
        return bool(live == desired)
    if isinstance(desired, Mapping):
        return _map_covers(live, desired, field)
    if isinstance(desired, list | tuple):
        return isinstance(live, list | tuple) and _list_covers(live, desired, field)
    if field in _AMOUNTS:
        return live == desired or (
            parse_quantity(live) is not None and parse_quantity(live) == parse_quantity(desired)
        )
    return bool(live == desired)


def keep_immutable(live: Object, desired: Object) -> tuple[dict[str, Any], list[str]]:
    """Return the desired object with what cannot be changed taken from the live one.

    Returns:
        The object, and the paths of the fields where the wish is not followed.
    """
    result = _copied(desired)
    ignored = []
    for path in IMMUTABLE.get(str(desired.get("kind")), ()):
        desired_value, live_value = get_path(desired, *path), get_path(live, *path)
        if (
            desired_value is not None
            and live_value is not None
            and not is_subset(live_value, desired_value, path[-1])
        ):
            _put(result, path, live_value)
            ignored.append(".".join(path))
    if desired.get("kind") == "PersistentVolumeClaim" and not _may_resize(live, desired):
        _put(result, _SIZE, get_path(live, *_SIZE))
        ignored.append(".".join(_SIZE))
    return result, ignored


def is_expansion(live: Object, desired: Object) -> bool:
    """Tell whether a claim is to be larger than it is."""
    if desired.get("kind") != "PersistentVolumeClaim":
        return False
    live_size, desired_size = _size(live), _size(desired)
    return live_size is not None and desired_size is not None and live_size < desired_size


def with_live_size(live: Object, desired: Object) -> dict[str, Any]:
    """Return the desired claim with the size of the live one."""
    result: dict[str, Any] = _copied(desired)
    _put(result, _SIZE, get_path(live, *_SIZE))
    return result


def _map_covers(live: Any, desired: Mapping[str, Any], field: str) -> bool:
    if not isinstance(live, Mapping):
        return False
    # The amounts stand one level deeper, under the names of resources.
    inner = field if field in _AMOUNTS else ""
    return all(
        is_subset(live[key], value, inner or key) if key in live else _is_nothing(value)
        for key, value in desired.items()
    )


def _list_covers(live: Sequence[Any], desired: Sequence[Any], field: str) -> bool:
    keys = _MERGED_BY.get(field)
    if len(live) != len(desired) and field not in _SHARED:
        return False
    if keys is None:
        return all(is_subset(one, other) for one, other in zip(live, desired, strict=True))
    return all(any(_is_item(one, other, keys) for one in live) for other in desired)


def _is_item(live: Any, desired: Any, keys: Sequence[str]) -> bool:
    if not isinstance(live, Mapping) or not isinstance(desired, Mapping):
        return is_subset(live, desired)
    return all(live.get(key) == desired[key] for key in keys if key in desired) and is_subset(
        live, desired
    )


def _is_nothing(value: object) -> bool:
    # The API server leaves empty values out of what it stores.
    return value is None or (isinstance(value, str | list | tuple | Mapping) and not value)


def _size(claim: Object) -> Fraction | None:
    return parse_quantity(get_path(claim, *_SIZE))


def _may_resize(live: Object, desired: Object) -> bool:
    live_size, desired_size = _size(live), _size(desired)
    if live_size is None or desired_size is None or live_size == desired_size:
        return True
    # Claims grow once they are bound, and never shrink.
    return live_size < desired_size and get_path(live, "status", "phase") == "Bound"


def _put(value: dict[str, Any], path: Sequence[str], new: Any) -> None:
    for key in path[:-1]:
        value = value.setdefault(key, {})
    value[path[-1]] = new


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return value
