"""What an administrator wrote in Envoy's own JSON: checked for what would break us, then passed on.

Rule: nothing is dropped; what is changed is listed here: enum names are upper-cased, as Envoy
reads them, and a cluster that a filter calls by gRPC speaks HTTP/2, which gRPC needs.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kode.api.conditions import Reason
from kode.errors import InvalidSpec

EDITOR_CLUSTER = "kode_editor"
"""The name of the cluster of the editor; an administrator's cluster cannot have it."""

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

_FILTERS = "type.googleapis.com/envoy.extensions.filters.http."
_ROUTER = "envoy.extensions.filters.http.router."
# The filters that refuse a request that does not prove who sends it.
_AUTHENTICATING = tuple(
    f"{_FILTERS}{name}." for name in ("ext_authz", "jwt_authn", "oauth2", "basic_auth")
)
_ENUM_FIELDS = ("type", "lb_policy", "dns_lookup_family")


def authenticates(filters: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether one of the filters refuses requests that prove nothing."""
    return any(
        _type_url(item).startswith(_AUTHENTICATING) and not item.get("disabled", False)
        for item in filters
    )


def filters(given: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return the filters as Envoy reads them.

    Raises:
        InvalidSpec: a filter is a router (Kode adds it) or has no typed_config.
    """
    for item in given:
        if _ROUTER in _type_url(item) or item.get("name") == "envoy.filters.http.router":
            raise _broken(f"httpFilters: {item.get('name')} is added by Kode; leave it out")
        if not _type_url(item):
            raise _broken(f"httpFilters: {item.get('name')} needs typed_config with an '@type'")
    return tuple(dict(item) for item in given)


def clusters(
    given: Sequence[Mapping[str, Any]], used_by: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """Return the clusters as Envoy reads them.

    Args:
        given: the clusters of a proxy config.
        used_by: its filters.

    Raises:
        InvalidSpec: a name stands twice or is reserved.
    """
    seen: set[str] = set()
    by_grpc = set(_grpc_targets(used_by))
    result = []
    for item in given:
        name = str(item.get("name", ""))
        if name == EDITOR_CLUSTER or name in seen:
            raise _broken(f"clusters: the name {name} is {'taken' if name in seen else 'reserved'}")
        seen.add(name)
        result.append(_cluster(item, http2=name in by_grpc))
    return tuple(result)


def _cluster(item: Mapping[str, Any], *, http2: bool) -> dict[str, Any]:
    cluster = dict(item)
    for field in _ENUM_FIELDS:
        if isinstance(cluster.get(field), str):
            cluster[field] = cluster[field].upper()
    if http2 and "typed_extension_protocol_options" not in cluster:
        cluster["typed_extension_protocol_options"] = {
            HTTP_OPTIONS: {
                "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        }
    return cluster


def _grpc_targets(node: Any) -> Iterator[str]:
    match node:
        case Mapping():
            target = node.get("envoy_grpc")
            if isinstance(target, Mapping) and isinstance(target.get("cluster_name"), str):
                yield target["cluster_name"]
            for value in node.values():
                yield from _grpc_targets(value)
        case list() | tuple():
            for value in node:
                yield from _grpc_targets(value)


def _type_url(item: Mapping[str, Any]) -> str:
    config = item.get("typed_config")
    url = config.get("@type") if isinstance(config, Mapping) else None
    return url if isinstance(url, str) else ""


def _broken(message: str) -> InvalidSpec:
    return InvalidSpec(Reason.PROXY_CONFIG_INVALID, message)
