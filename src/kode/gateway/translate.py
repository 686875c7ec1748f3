"""From a Sidecar to the configuration of a real Envoy.

Rule: total and deterministic; whatever comes out is accepted by `envoy --mode validate` as long as
the administrator's own filters and clusters are. Schema: Envoy's v3 API,
https://www.envoyproxy.io/docs/envoy/latest/api-v3/api
"""

import json
from collections.abc import Mapping
from typing import Any

from kode.gateway import listener, upstream
from kode.gateway.sidecar import ADMIN_SOCKET, Sidecar

Json = dict[str, Any]

# Fields whose texts are names and numbers.
_PLAIN = frozenset(
    {
        *("@type", "cluster", "cluster_name", "clusterName", "name", "stat_prefix", "statPrefix"),
        *("timeout", "transport_api_version", "transportApiVersion", "type_url", "typeUrl"),
    }
)


def bootstrap(sidecar: Sidecar) -> Json:
    """Return the whole static configuration of a sidecar, as Envoy's bootstrap in JSON."""
    health = [] if sidecar.socket else [listener.health()]
    return {
        "admin": {"address": listener.pipe(ADMIN_SOCKET), "ignore_global_conn_limit": True},
        "overload_manager": listener.overload(),
        "static_resources": {
            "listeners": [listener.http(sidecar), *health],
            "clusters": clusters(sidecar),
        },
    }


def quotes_nothing(sidecar: Sidecar) -> bool:
    """Tell whether Envoy's last words about the configuration can hold no secret.

    Against most mistakes Envoy quotes the message that it reads, and of a cluster or a filter that
    holds texts of an administrator's nobody knows which of them is a key.
    """
    return not sidecar.clusters and all(_is_plain(item) for item in sidecar.http_filters)


def clusters(sidecar: Sidecar) -> list[Json]:
    """Return the clusters of a sidecar: the editor, and the proxy config's own."""
    return [upstream.cluster(sidecar.upstream), *(dict(item) for item in sidecar.clusters)]


def _is_plain(node: Any, key: str = "") -> bool:
    match node:
        case Mapping():
            return all(_is_plain(value, name) for name, value in node.items())
        case list() | tuple():
            return all(_is_plain(value, key) for value in node)
        case str():
            return key in _PLAIN
        case _:
            return True


def dump(config: Json) -> str:
    """Return the configuration as text, always the same for the same configuration."""
    return json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
