"""One sidecar's clusters among others' in one Envoy: their names, made unique.

Rule: every name is changed, where it is given and wherever Envoy's schema refers to it, whether
there is such a cluster or not. So two proxy configs may use one name for different things, and
neither can spell the name of another's.
"""

from collections.abc import Mapping
from typing import Any

from kode.gateway import references


def prefix_names(node: Any, scope: str) -> Any:
    """Return a part of Envoy's JSON in which all clusters' names are those within a scope.

    Args:
        node: any part of a configuration.
        scope: what the names begin with from now on.
    """
    return _scripts(references.visited(node, lambda _, name: prefixed(scope, name)), scope)


def prefix_cluster(item: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """Return a cluster with its own name within the scope, as well as those that it refers to."""
    found: dict[str, Any] = prefix_names(item, scope)
    return {**found, "name": prefixed(scope, item["name"])}


def prefixed(scope: str, name: str) -> str:
    """Return a name within a scope."""
    return f"{scope}/{name}"


def _scripts(node: Any, scope: str) -> Any:
    match node:
        case Mapping():
            return {key: _script(key, value, scope) for key, value in node.items()}
        case list():
            return [_scripts(item, scope) for item in node]
        case _:
            return node


def _script(key: str, value: Any, scope: str) -> Any:
    if isinstance(value, str) and references.is_code(key):
        return references.calls(value, lambda name: prefixed(scope, name))
    return _scripts(value, scope)
