"""One sidecar's clusters among others' in one Envoy: their names, made unique.

Rule: a name is changed where it is given and wherever Envoy's schema refers to it, so that two
proxy configs may use the same name for different things and neither reaches the other's.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

_REFERENCES = frozenset({"cluster", "cluster_name", "clusterName"})
_LISTS = frozenset({"clusters"})
_CODE = frozenset({"inline_code", "inlineCode", "inline_string", "inlineString"})
_CALL = re.compile(r"""(:httpCall\(\s*)(["'])([^"'\n]+)\2""")


def scoped(node: Any, scope: str, names: Collection[str]) -> Any:
    """Return a part of Envoy's JSON in which the names are those within a scope.

    Args:
        node: any part of a configuration.
        scope: what the names begin with from now on.
        names: the names of the clusters that belong to the scope.
    """
    match node:
        case Mapping():
            return {key: _field(key, value, scope, names) for key, value in node.items()}
        case list() | tuple():
            return [scoped(value, scope, names) for value in node]
        case _:
            return node


def cluster(item: Mapping[str, Any], scope: str, names: Collection[str]) -> dict[str, Any]:
    """Return a cluster with its own name within the scope, as well as those that it refers to."""
    found: dict[str, Any] = scoped(item, scope, names)
    return {**found, "name": within(scope, item["name"])}


def within(scope: str, name: str) -> str:
    """Return a name within a scope."""
    return f"{scope}/{name}"


def _field(key: str, value: Any, scope: str, names: Collection[str]) -> Any:
    match value:
        case str() if key in _REFERENCES and value in names:
            return within(scope, value)
        case str() if key in _CODE:
            return _CALL.sub(lambda call: _renamed(call, scope, names), value)
        case list() | tuple() if key in _LISTS:
            return [
                within(scope, item)
                if isinstance(item, str) and item in names
                else scoped(item, scope, names)
                for item in value
            ]
        case _:
            return scoped(value, scope, names)


def _renamed(call: re.Match[str], scope: str, names: Collection[str]) -> str:
    # A script names the cluster that it calls.
    before, quote, name = call.groups()
    return f"{before}{quote}{within(scope, name) if name in names else name}{quote}"
