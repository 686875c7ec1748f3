"""From a Sidecar to the configuration of a real Envoy.

Rule: total and deterministic; whatever comes out is accepted by `envoy --mode validate` as long as
the administrator's own filters and clusters are. Schema: Envoy's v3 API,
https://www.envoyproxy.io/docs/envoy/latest/api-v3/api
"""

import json
from dataclasses import replace
from typing import Any

from kode.gateway import listener, upstream
from kode.gateway.sidecar import ADMIN_SOCKET, Sidecar

Json = dict[str, Any]

_LONGEST_ARGUMENT = 32_000
"""Characters; Linux takes 128 KiB, and a character may be four bytes."""


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


def parts(sidecar: Sidecar) -> tuple[str, str]:
    """Return the bootstrap configuration as two texts that Envoy merges.

    The second has the proxy config's own clusters; it is empty where there are none, or where they
    are too long for an argument. What Envoy says against a text quotes all of it, and a pod's
    status holds only the end of what was said: from a long text the reason would be lost.
    """
    own = {"static_resources": {"clusters": [dict(item) for item in sidecar.clusters]}}
    text = dump(own) if sidecar.clusters else ""
    if not text or len(text) > _LONGEST_ARGUMENT:
        return dump(bootstrap(sidecar)), ""
    return dump(bootstrap(replace(sidecar, clusters=()))), text


def clusters(sidecar: Sidecar) -> list[Json]:
    """Return the clusters of a sidecar: the editor, and the proxy config's own."""
    return [upstream.cluster(sidecar.upstream), *(dict(item) for item in sidecar.clusters)]


def dump(config: Json) -> str:
    """Return the configuration as text, always the same for the same configuration."""
    return json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
