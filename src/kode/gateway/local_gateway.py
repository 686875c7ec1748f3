"""The local gateway: one Envoy for all Kodes of this machine.

Rule: what changes for one Kode changes nothing of another's. The outer listener is constant and
its routes come from a file, as inner listeners and clusters do; an inner listener is what
translate makes of a Sidecar, with names of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal

from kode.gateway import cluster_prefix, listener, login, pages, status_pages, translate, upstream
from kode.gateway.sidecar import Sidecar

Json = dict[str, Any]
State = Literal["running", "starting", "stopped", "failed"]

ROUTES, CLUSTERS, LISTENERS = "routes.json", "clusters.json", "listeners.json"
"""The files that Envoy follows."""

_TYPES = "type.googleapis.com/envoy.config"
_ROUTER = "outer"
_OWN_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
# What a client says about its way here: behind the gateway only its own word counts.
_CLAIMS = ["forwarded", "x-forwarded-host", "x-forwarded-port", "x-real-ip", "x-scheme"]
# Envoy itself would tell an address of the network for a request from the machine itself.
_FROM = {
    "header": {
        "key": "x-forwarded-for",
        "value": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
    },
    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
}
_CONNECTION = {
    "header": {
        "key": login.CONNECTION,
        "value": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS%",
    },
    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
}
# What Envoy says itself where a request does not get through to an inner listener.
_NOT_THROUGH = {"response_flag_filter": {"flags": ["UH", "UF", "UC", "UR", "NC"]}}


@dataclass(frozen=True)
class Route:
    """A Kode behind the gateway.

    Attributes:
        id: unique and never used again.
        hosts: the host names that lead to it, without a port.
        title: its namespace and name, `team-a/dev`.
        state: how far it is.
        sidecar: what stands before its editor; None while there is none to lead to.
        users: user and password hash as in an htpasswd file, for a sidecar that asks.
    """

    id: str
    hosts: tuple[str, ...]
    title: str
    state: State
    sidecar: Sidecar | None = None
    users: str = ""


@dataclass(frozen=True)
class KodeListener:
    """What Envoy needs for one Kode.

    Attributes:
        listener: where the outer listener forwards to.
        clusters: the editor, the proxy config's own, and the way there.
    """

    listener: Json
    clusters: tuple[Json, ...]


def bootstrap(folder: str, admin: str, addresses: Sequence[str], port: int) -> Json:
    """Return what Envoy starts with; it is the same whatever Kodes there are.

    Args:
        folder: where the files are that it follows.
        admin: path of the socket of its admin.
        addresses: the addresses to listen on, at least one.
        port: the port to listen on.
    """
    return {
        "node": {"id": "gateway", "cluster": "kode"},
        "admin": {"address": listener.pipe(admin), "ignore_global_conn_limit": True},
        "overload_manager": listener.overload(),
        "dynamic_resources": {
            "cds_config": _file(f"{folder}/{CLUSTERS}"),
            "lds_config": _file(f"{folder}/{LISTENERS}"),
        },
        "static_resources": {"listeners": [_outer(folder, addresses, port)]},
    }


def kode_listener(entry: Route, sidecar: Sidecar, socket: str) -> KodeListener:
    """Return what Envoy needs for a Kode with a sidecar.

    Args:
        entry: the Kode.
        sidecar: its sidecar.
        socket: path of the socket between the outer and the inner listener.
    """
    sidecar = replace(sidecar, socket=socket, users=entry.users or sidecar.users)
    return KodeListener(
        listener={
            **cluster_prefix.prefix_names(listener.http(sidecar), entry.id),
            "name": entry.id,
        },
        # In the sidecar's own order, by which a complaint of Envoy's tells which one it means.
        clusters=(
            *(
                cluster_prefix.prefix_cluster(item, entry.id)
                for item in translate.clusters(sidecar)
            ),
            _cluster(entry.id, socket),
        ),
    )


def standalone_config(one: KodeListener) -> Json:
    """Return a configuration of one Kode's part and nothing else, for Envoy to judge."""
    return {"static_resources": {"listeners": [one.listener], "clusters": list(one.clusters)}}


def files(entries: Sequence[Route], inners: Mapping[str, KodeListener]) -> dict[str, Json]:
    """Return the files that Envoy follows, by name, clusters first.

    Each has a version that its content makes: by it Envoy says which one it has loaded.

    Args:
        entries: the Kodes; no two have a host in common.
        inners: what Envoy needs, by id; a Kode with a sidecar and without this was refused.
    """
    known = [inners[entry.id] for entry in entries if entry.id in inners]
    clusters = [item for one in known for item in one.clusters]
    return {
        CLUSTERS: _resources("cluster.v3.Cluster", clusters),
        LISTENERS: _resources("listener.v3.Listener", [one.listener for one in known]),
        ROUTES: _resources("route.v3.RouteConfiguration", [_routes(entries, inners)]),
    }


def _outer(folder: str, addresses: Sequence[str], port: int) -> Json:
    manager = {
        "@type": listener.MANAGER,
        "stat_prefix": "outer",
        **listener.protocol(),
        # As in each sidecar: an editor's sockets are quiet for hours.
        "stream_idle_timeout": "0s",
        "common_http_protocol_options": {"idle_timeout": listener.IDLE_TIMEOUT},
        "use_remote_address": True,
        "skip_xff_append": True,
        "normalize_path": True,
        "server_header_transformation": "PASS_THROUGH",
        "local_reply_config": {"mappers": [pages.starting_page_mapper(_NOT_THROUGH)]},
        "http_filters": [listener.router()],
        "rds": {"route_config_name": _ROUTER, "config_source": _file(f"{folder}/{ROUTES}")},
    }
    first, *others = [listener.on_port(address, port) for address in addresses]
    return {
        **listener.listener("outer", first, manager),
        "additional_addresses": [{"address": other} for other in others],
    }


def _routes(entries: Sequence[Route], inners: Mapping[str, KodeListener]) -> Json:
    hosts = [
        _virtual_host(entry.id, list(entry.hosts), _routes_for(entry, known=entry.id in inners))
        for entry in entries
        if entry.hosts
    ]
    return {
        "name": _ROUTER,
        "ignore_port_in_host_matching": True,
        "request_headers_to_remove": _CLAIMS,
        "request_headers_to_add": [_FROM, _CONNECTION],
        "virtual_hosts": [
            *hosts,
            _virtual_host("(this machine)", _OWN_HOSTS, status_pages.routes(status_pages.INDEX)),
            _virtual_host("(unknown)", ["*"], status_pages.routes(status_pages.UNKNOWN)),
        ],
    }


def _routes_for(entry: Route, *, known: bool) -> list[Json]:
    match entry.state:
        case "running" | "starting" if known:
            return [{"match": {"prefix": "/"}, "route": {"cluster": entry.id, "timeout": "0s"}}]
        case "running" | "starting" if entry.sidecar:
            return status_pages.routes(status_pages.refused_page(entry.title))
        case "running" | "starting":
            return status_pages.routes(status_pages.starting_page(entry.title))
        case "stopped":
            return status_pages.routes(status_pages.stopped_page(entry.title))
        case _:
            return status_pages.routes(status_pages.failed_page(entry.title))


def _virtual_host(name: str, domains: list[str], routes: list[Json]) -> Json:
    return {"name": name, "domains": domains, "routes": routes}


def _cluster(name: str, socket: str) -> Json:
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        # Shorter than the hour after which the inner listener hangs up, which would then meet a
        # request on its way.
        "typed_extension_protocol_options": upstream.http1_options(
            common_http_protocol_options={"idle_timeout": "300s"}
        ),
        "load_assignment": upstream.load_assignment(name, {"pipe": {"path": socket}}),
    }


def _file(path: str) -> Json:
    return {"path_config_source": {"path": path}, "resource_api_version": "V3"}


def _resources(kind: str, items: Sequence[Json]) -> Json:
    resources = [{"@type": f"{_TYPES}.{kind}", **item} for item in items]
    text = translate.dump({"resources": resources}).encode("utf-8", "surrogatepass")
    return {"version_info": sha256(text).hexdigest()[:16], "resources": resources}
