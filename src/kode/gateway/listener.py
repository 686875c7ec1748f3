"""Where a sidecar listens, and what each request passes on its way to the editor.

Rule: nothing is between a request and the editor but what the Sidecar's door says.
"""

from typing import Any

from kode.api import ports
from kode.gateway import pages
from kode.gateway.passthrough import EDITOR_CLUSTER, enveloped
from kode.gateway.sidecar import Door, Sidecar

Json = dict[str, Any]

FILTERS = "type.googleapis.com/envoy.extensions.filters"
MANAGER = f"{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager"

# SOL_SOCKET/SO_KEEPALIVE, IPPROTO_TCP/TCP_KEEPIDLE and TCP_KEEPINTVL of Linux.
_KEEPALIVE: list[Json] = [
    {"level": 1, "name": 9, "int_value": 1, "state": "STATE_PREBIND"},
    {"level": 6, "name": 4, "int_value": 60, "state": "STATE_PREBIND"},
    {"level": 6, "name": 5, "int_value": 20, "state": "STATE_PREBIND"},
]


def http(sidecar: Sidecar) -> Json:
    """Return the listener that people reach, or that the door of one machine forwards to."""
    closed = sidecar.door is Door.CLOSED
    manager = {
        "@type": MANAGER,
        "stat_prefix": "http",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        # An editor's sockets are quiet for hours; the keep-alives of TCP find the dead ones.
        "stream_idle_timeout": "0s",
        # Behind another Envoy, which has told it, the address of the connection says nothing.
        "use_remote_address": sidecar.socket is None,
        "normalize_path": True,
        "server_header_transformation": "PASS_THROUGH",
        "local_reply_config": {"mappers": [pages.starting_mapper()]},
        "http_filters": _filters(sidecar),
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "editor",
                    "domains": ["*"],
                    "routes": [_closed_route() if closed else _editor_route(sidecar)],
                }
            ]
        },
    }
    if sidecar.socket:
        return listener("http", pipe(sidecar.socket), manager)
    return listener("http", on_port("0.0.0.0", ports.SIDECAR_HTTP), manager)


def health() -> Json:
    """Return the listener that the kubelet asks."""
    manager = {
        "@type": MANAGER,
        "stat_prefix": "health",
        "http_filters": [
            _health_filter("/ready", {EDITOR_CLUSTER: {"value": 100}}),
            _health_filter("/live", {}),
            router(),
        ],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "nothing",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 404}}],
                }
            ]
        },
    }
    return listener("health", on_port("0.0.0.0", ports.SIDECAR_HEALTH), manager)


def listener(name: str, address: Json, manager: Json) -> Json:
    """Return a listener that hands all its connections to an HTTP connection manager."""
    on_tcp = "socket_address" in address
    return {
        "name": name,
        "address": address,
        **({"socket_options": [dict(option) for option in _KEEPALIVE]} if on_tcp else {}),
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": manager,
                    }
                ]
            }
        ],
    }


def on_port(address: str, port: int) -> Json:
    """Return the address of a TCP port."""
    return {"socket_address": {"address": address, "port_value": port}}


def pipe(path: str) -> Json:
    """Return the address of a Unix socket for its owner alone."""
    return {"pipe": {"path": path, "mode": 0o600}}


def router() -> Json:
    """Return the filter that every chain ends in."""
    return {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{FILTERS}.http.router.v3.Router"},
    }


def _filters(sidecar: Sidecar) -> list[Json]:
    chain: list[Json] = []
    if sidecar.door is Door.BASIC:
        chain.append(
            {
                "name": "envoy.filters.http.basic_auth",
                "typed_config": {
                    "@type": f"{FILTERS}.http.basic_auth.v3.BasicAuth",
                    "users": _users(sidecar),
                },
            }
        )
    if sidecar.door is not Door.CLOSED:
        chain.extend(enveloped(item) for item in sidecar.http_filters)
    return [*chain, router()]


def _users(sidecar: Sidecar) -> Json:
    if sidecar.users:
        return {"inline_string": sidecar.users}
    return {"filename": sidecar.users_file}


def _editor_route(sidecar: Sidecar) -> Json:
    route: Json = {
        "match": {"prefix": "/"},
        "route": {"cluster": EDITOR_CLUSTER, "timeout": "0s"},
    }
    if sidecar.upstream.authorization:
        header = {"key": "authorization", "value": sidecar.upstream.authorization}
        own = {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        return {**route, "request_headers_to_add": [own]}
    # What opened the door is nothing that programs behind it should see.
    return {**route, "request_headers_to_remove": ["authorization"]}


def _closed_route() -> Json:
    return {
        "match": {"prefix": "/"},
        "direct_response": {"status": 403, "body": {"inline_string": pages.CLOSED}},
    }


def _health_filter(path: str, healthy: Json) -> Json:
    config: Json = {
        "@type": f"{FILTERS}.http.health_check.v3.HealthCheck",
        "pass_through_mode": False,
        "headers": [{"name": ":path", "string_match": {"exact": path}}],
    }
    if healthy:
        config["cluster_min_healthy_percentages"] = healthy
    return {
        "name": f"envoy.filters.http.health_check{path.replace('/', '.')}",
        "typed_config": config,
    }
