"""From a Sidecar to the configuration of a real Envoy.

Rule: total and deterministic; whatever comes out is accepted by `envoy --mode validate` as long as
the administrator's own filters and clusters are. Schema: Envoy's v3 API,
https://www.envoyproxy.io/docs/envoy/latest/api-v3/api
"""

import json
from typing import Any

from kode.gateway import listener, upstream
from kode.gateway.sidecar import ADMIN_SOCKET, Sidecar

Json = dict[str, Any]


def bootstrap(sidecar: Sidecar) -> Json:
    """Return the whole static configuration of a sidecar, as Envoy's bootstrap in JSON."""
    health = [] if sidecar.socket else [listener.health()]
    return {
        "admin": {"address": listener.pipe(ADMIN_SOCKET)},
        "static_resources": {
            "listeners": [listener.http(sidecar), *health],
            "clusters": clusters(sidecar),
        },
    }


def clusters(sidecar: Sidecar) -> list[Json]:
    """Return the clusters of a sidecar: the editor, and the proxy config's own."""
    return [upstream.cluster(sidecar.upstream), *(dict(item) for item in sidecar.clusters)]


def dump(config: Json) -> str:
    """Return the configuration as text, always the same for the same configuration."""
    return json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
