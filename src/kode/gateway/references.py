"""Where Envoy's JSON names a cluster.

Rule: a field is known by its name and not by the filter that has it, so that a filter nobody
thought of is read like the others. What a script calls is read only where the call spells it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from kode.gateway.fields import below, camel

Visit = Callable[[str, str], str]
"""Given where a cluster is named, and its name; returns the name to put there."""

_NAME = re.compile(r"cluster|.+Cluster|clusterName|.+ClusterName")
_NAMES = frozenset({"clusters", "clusterNames"})
# Values of anybody's own: what looks like a reference in there is none.
_FREE = frozenset(
    {
        *("contextExtensions", "filterContext", "filterMetadata", "metadata"),
        *("jsonFormat", "typedJsonFormat"),
    }
)
_STRUCT = "type.googleapis.com/google.protobuf.Struct"
_CODE = frozenset({"inlineCode", "inlineString"})
_CALL = re.compile(r"""(:httpCall\(\s*)(["'])([^"'\n]+)\2""")


def cluster_references(node: Any, at: str = "") -> tuple[tuple[str, str], ...]:
    """Return the clusters that a part of Envoy's JSON names; those that scripts call are left out.

    Args:
        node: any part of a filter or of a cluster.
        at: where it stands, for the answer.

    Returns:
        Where each is named (`typed_config.grpc_service.envoy_grpc.cluster_name`), and its name.
    """
    seen: list[tuple[str, str]] = []

    def note(where: str, name: str) -> str:
        seen.append((where, name))
        return name

    visited(node, note, at)
    return tuple(seen)


def visited(node: Any, visit: Visit, at: str = "") -> Any:
    """Return a part of Envoy's JSON with each cluster's name replaced by what `visit` returns."""
    match node:
        case Mapping() if node.get("@type") != _STRUCT:
            return {key: _field(key, value, visit, below(at, key)) for key, value in node.items()}
        case list() | tuple():
            return [visited(item, visit, f"{at}[{number}]") for number, item in enumerate(node)]
        case _:
            return node


def calls(code: str, rename: Callable[[str], str]) -> str:
    """Return a script in which the clusters that it calls by a literal name have another one."""
    return _CALL.sub(lambda call: f"{call[1]}{call[2]}{rename(call[3])}{call[2]}", code)


def is_code(key: str) -> bool:
    """Tell whether a field may hold a script."""
    return camel(key) in _CODE


def _field(key: str, value: Any, visit: Visit, at: str) -> Any:
    name = camel(key)
    match value:
        case str() if value and _NAME.fullmatch(name):
            return visit(at, value)
        case list() | tuple() if name in _NAMES:
            return [_item(item, visit, f"{at}[{number}]") for number, item in enumerate(value)]
        case Mapping() | list() | tuple() if name in _FREE:
            return value
        case _:
            return visited(value, visit, at)


def _item(item: Any, visit: Visit, at: str) -> Any:
    match item:
        case str():
            return visit(at, item)
        case {"name": str(name), **rest}:
            return {"name": visit(f"{at}.name", name), **visited(rest, visit, at)}
        case _:
            return visited(item, visit, at)
