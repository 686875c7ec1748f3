"""What an administrator wrote in Envoy's own JSON, passed on as Envoy reads it.

Rule: nothing is dropped; what is changed is listed here: enum names are upper-cased, as Envoy
reads them, a cluster that a filter calls by gRPC speaks HTTP/2, which gRPC needs, and a filter's
configuration is put in an envelope that Envoy opens for that filter alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

EDITOR_CLUSTER = "kode_editor"
"""The name of the cluster of the editor; an administrator's cluster cannot have it."""

SIDECAR_CLUSTER = "kode_sidecar"
"""The name of the cluster of the sidecar's own listener; no administrator's can have it either."""

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

_ENVELOPE = "type.googleapis.com/xds.type.v3.TypedStruct"
_ENVELOPES = (_ENVELOPE, "type.googleapis.com/udpa.type.v1.TypedStruct")
# Envoy reads a field by either of its names.
_ENUM_FIELDS = ("type", "lb_policy", "lbPolicy", "dns_lookup_family", "dnsLookupFamily")
_PROTOCOL_FIELDS = (
    "typed_extension_protocol_options",
    "typedExtensionProtocolOptions",
    "http2_protocol_options",
    "http2ProtocolOptions",
)


def filters(items: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return the filters as Envoy reads them."""
    return tuple(dict(item) for item in items)


def as_typed_struct(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a filter whose configuration Envoy reads on its own.

    What Envoy then says against it names this filter. Read with the rest, a mistake makes Envoy
    quote the whole configuration, and a pod's status holds only the end of such a message.
    """
    url = type_url(item)
    if url in _ENVELOPES:
        return dict(item)
    value = {key: value for key, value in item["typed_config"].items() if key != "@type"}
    return {**item, "typed_config": {"@type": _ENVELOPE, "type_url": url, "value": value}}


def clusters(
    items: Sequence[Mapping[str, Any]], used_by: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """Return the clusters as Envoy reads them.

    Args:
        items: the clusters of a proxy config.
        used_by: its filters.
    """
    by_grpc = set(_grpc_targets(used_by))
    return tuple(_cluster(item, http2=item["name"] in by_grpc) for item in items)


def _cluster(item: Mapping[str, Any], *, http2: bool) -> dict[str, Any]:
    cluster = dict(item)
    for field in _ENUM_FIELDS:
        if isinstance(cluster.get(field), str):
            cluster[field] = cluster[field].upper()
    if http2 and not any(field in cluster for field in _PROTOCOL_FIELDS):
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
            target = node.get("envoy_grpc", node.get("envoyGrpc"))
            if isinstance(target, Mapping):
                name = target.get("cluster_name", target.get("clusterName"))
                yield from [name] if isinstance(name, str) else []
            for value in node.values():
                yield from _grpc_targets(value)
        case list() | tuple():
            for value in node:
                yield from _grpc_targets(value)


def type_url(item: Mapping[str, Any]) -> str:
    """Return the type of a filter's configuration; empty where it has none."""
    config = item.get("typed_config")
    url = config.get("@type") if isinstance(config, Mapping) else None
    return url if isinstance(url, str) else ""
