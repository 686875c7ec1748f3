"""A sidecar that follows its configuration: what Envoy starts with, and the files that it reads.

Rule: what it starts with is the same for every Kode, so that no change of a Kode's own ever needs
another start. Files that Envoy refuses leave those before them in force.
"""

from typing import Any

from kode.api import layout
from kode.gateway import listener, upstream
from kode.gateway.passthrough import SIDECAR_CLUSTER
from kode.gateway.sidecar import ADMIN_SOCKET, Sidecar
from kode.gateway.translate import clusters

Json = dict[str, Any]

REVISION = "revision-"
"""What the name of the listener begins with that says in Envoy's log which revision was read."""

_OWN_ADDRESS: Json = {
    "address": listener.pipe(layout.ENVOY_HTTP_SOCKET),
    # Those of the port are TCP's.
    "socket_options": {"socket_options": []},
}
_TYPES = "type.googleapis.com/envoy.config"


def bootstrap() -> Json:
    """Return what every sidecar starts with."""
    return {
        "node": {"id": "sidecar", "cluster": "kode"},
        "admin": {"address": listener.pipe(ADMIN_SOCKET), "ignore_global_conn_limit": True},
        "overload_manager": listener.overload(),
        "dynamic_resources": {
            "cds_config": _file(layout.ENVOY_CLUSTERS),
            "lds_config": _file(layout.ENVOY_LISTENERS),
        },
        "static_resources": {
            "listeners": [listener.health(SIDECAR_CLUSTER)],
            "clusters": [upstream.socket_cluster(SIDECAR_CLUSTER, layout.ENVOY_HTTP_SOCKET)],
        },
    }


def cluster_file(sidecar: Sidecar, revision: str) -> Json:
    """Return the file of clusters.

    Args:
        sidecar: the sidecar.
        revision: as for the file of listeners.
    """
    mark = {"name": f"{REVISION}{revision}", "type": "STATIC", "connect_timeout": "1s"}
    marks = [mark] if sidecar.clusters else []
    return _resources("cluster.v3.Cluster", [*clusters(sidecar), *marks])


def listener_file(sidecar: Sidecar, revision: str) -> Json:
    """Return the file of listeners.

    Args:
        sidecar: the sidecar.
        revision: what all that it reads is known by. Another one makes another listener, which
            reads users and keys anew and ends the connections of the one before.
    """
    names = [str(item["name"]) for item in sidecar.clusters]
    if names:
        names.append(f"{REVISION}{revision}")
    http = {
        **listener.http(sidecar, [_needed_cluster(name) for name in names]),
        # Envoy takes a listener with all of its addresses or not at all.
        "additional_addresses": [_OWN_ADDRESS],
        "metadata": {"filter_metadata": {"kode": {"revision": revision}}},
    }
    return _resources("listener.v3.Listener", [http, _marker(revision)])


def _needed_cluster(name: str) -> Json:
    # A route that no request takes. Envoy refuses a listener with a route to a cluster that it does
    # not have: so it takes no listener whose clusters it has refused.
    never = {"default_value": {"numerator": 0}}
    return {"match": {"prefix": "/", "runtime_fraction": never}, "route": {"cluster": name}}


def _marker(revision: str) -> Json:
    # It listens nowhere. Envoy logs the name of each listener that it takes, and refuses one
    # without refusing the others: so this name in its log says which file it speaks of.
    reset = {
        "name": "envoy.filters.network.direct_response",
        "typed_config": {
            "@type": f"{listener.FILTERS}.network.direct_response.v3.Config",
        },
    }
    return {
        "name": f"{REVISION}{revision}",
        # An address that no other has.
        "address": listener.on_port("127.0.0.1", 1),
        "bind_to_port": False,
        "filter_chains": [{"filters": [reset]}],
    }


def _file(name: str) -> Json:
    path = f"{layout.ENVOY_FILES}/{name}"
    watched = {"path": layout.ENVOY_FILES}
    return {
        "resource_api_version": "V3",
        "path_config_source": {"path": path, "watched_directory": watched},
    }


def _resources(kind: str, items: list[Json]) -> Json:
    return {"resources": [{"@type": f"{_TYPES}.{kind}", **item} for item in items]}
