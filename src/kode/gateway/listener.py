"""Where a sidecar listens, and what each request passes on its way to the editor.

Rule: nothing is between a request and the editor but what the Sidecar's auth mode says.
"""

from collections.abc import Sequence
from typing import Any

from kode.api import layout
from kode.gateway import cross_origin, login, pages
from kode.gateway.passthrough import EDITOR_CLUSTER, as_typed_struct
from kode.gateway.sidecar import AuthMode, Sidecar

Json = dict[str, Any]

FILTERS = "type.googleapis.com/envoy.extensions.filters"
MANAGER = f"{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager"

MAX_CONNECTIONS = 1000
"""Connections at a time: a browser has some fifty, and each takes memory of those that are open."""
HEADERS_TIMEOUT = "15s"
"""How long the headers of a request may take; not what follows them."""
_WEBSOCKET = "websocket"
IDLE_TIMEOUT = "300s"
"""How long a connection is kept on which nothing is going on; a quiet WebSocket is going on."""

# SOL_SOCKET/SO_KEEPALIVE, IPPROTO_TCP/TCP_KEEPIDLE and TCP_KEEPINTVL of Linux.
_KEEPALIVE: list[Json] = [
    {"level": 1, "name": 9, "int_value": 1, "state": "STATE_PREBIND"},
    {"level": 6, "name": 4, "int_value": 60, "state": "STATE_PREBIND"},
    {"level": 6, "name": 5, "int_value": 20, "state": "STATE_PREBIND"},
]


def http(sidecar: Sidecar, routes: Sequence[Json] = ()) -> Json:
    """Return the listener that people reach, or that the local gateway forwards to.

    Args:
        sidecar: the sidecar.
        routes: routes before that to the editor.
    """
    closed = sidecar.auth_mode is AuthMode.DENY
    manager = {
        "@type": MANAGER,
        "stat_prefix": "http",
        **protocol(),
        # An editor's sockets are quiet for hours; the keep-alives of TCP find the dead ones.
        "stream_idle_timeout": "0s",
        # Behind another Envoy, which has told it, the address of the connection says nothing.
        "use_remote_address": sidecar.socket is None,
        "normalize_path": True,
        "server_header_transformation": "PASS_THROUGH",
        "local_reply_config": {"mappers": [pages.starting_page_mapper()]},
        "http_filters": _filters(sidecar),
        "route_config": {
            "response_headers_to_add": [cross_origin.NO_FRAMES],
            "request_headers_to_remove": [login.CONNECTION, login.PROTOCOL],
            "virtual_hosts": [
                {
                    "name": "editor",
                    "domains": ["*"],
                    "routes": [*routes, _closed_route() if closed else _editor_route(sidecar)],
                }
            ],
        },
    }
    if sidecar.auth_mode is AuthMode.BASIC:
        manager["early_header_mutation_extensions"] = [_protocol_of_the_client()]
    if sidecar.socket:
        return {
            **listener("http", pipe(sidecar.socket), manager),
            # The outer listener counts; a connection of its own is nobody's.
            "ignore_global_conn_limit": True,
        }
    manager["common_http_protocol_options"] = {"idle_timeout": IDLE_TIMEOUT}
    return listener("http", on_port("0.0.0.0", layout.SIDECAR_HTTP), manager)


def health(*needed: str) -> Json:
    """Return the listener that the kubelet asks.

    Args:
        needed: clusters that /ready wants to be healthy, beside the editor.
    """
    healthy = {name: {"value": 100} for name in (EDITOR_CLUSTER, *needed)}
    manager = {
        "@type": MANAGER,
        "stat_prefix": "health",
        "request_headers_timeout": HEADERS_TIMEOUT,
        "http_filters": [
            _health_filter("/ready", healthy),
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
    return {
        **listener("health", on_port("0.0.0.0", layout.SIDECAR_HEALTH), manager),
        # However many connections there are, the kubelet is answered.
        "ignore_global_conn_limit": True,
    }


def protocol() -> Json:
    """Return what a connection manager understands of HTTP/1.

    An offer to speak something else is passed over, as RFC 9110 lets a server do; a program that
    speaks HTTP/1.0 may name no host.
    """
    return {
        "upgrade_configs": [{"upgrade_type": _WEBSOCKET}],
        "request_headers_timeout": HEADERS_TIMEOUT,
        "http_protocol_options": {
            "accept_http_10": True,
            "default_host_for_http_10": "localhost",
            "ignore_http_11_upgrade": [{"safe_regex": {"regex": _not(_WEBSOCKET)}}],
        },
    }


def overload() -> Json:
    """Return Envoy's overload manager with the limit on connections.

    What is refused is a new connection: whoever works in an editor goes on.
    """
    return {
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.resource_monitors."
                    "downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": MAX_CONNECTIONS,
                },
            }
        ]
    }


def listener(name: str, address: Json, manager: Json) -> Json:
    """Return a listener that hands all its connections to an HTTP connection manager."""
    on_tcp = "socket_address" in address
    return {
        "name": name,
        "address": address,
        **(_on_tcp() if on_tcp else {}),
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


def _on_tcp() -> Json:
    return {
        "socket_options": [dict(option) for option in _KEEPALIVE],
        # With it, whoever has this user's id could take half of the connections unnoticed.
        "enable_reuse_port": False,
    }


def _not(word: str) -> str:
    # Envoy's expressions know no "anything but": it is another letter somewhere, or less, or more.
    other = (f"{word[:place]}([^{letter}].*)?" for place, letter in enumerate(word))
    return f"(?i)({'|'.join(other)}|{word}.+)"


def _protocol_of_the_client() -> Json:
    # Envoy itself overwrites what says that there is TLS before it.
    name = login.PROTOCOL
    said = {"key": name, "value": "%REQ(x-forwarded-proto)%"}
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation."
            "header_mutation.v3.HeaderMutation",
            "mutations": [
                {"remove": name},
                {"append": {"header": said, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}},
            ],
        },
    }


def _filters(sidecar: Sidecar) -> list[Json]:
    if sidecar.auth_mode is AuthMode.DENY:
        return [router()]
    asks = login.filters(sidecar) if sidecar.auth_mode is AuthMode.BASIC else [login.schemes()]
    given = (as_typed_struct(item) for item in sidecar.http_filters)
    return [*asks, *given, cross_origin.cross_origin_filter(), router()]


def _editor_route(sidecar: Sidecar) -> Json:
    route: Json = {
        "match": {"prefix": "/"},
        "route": {"cluster": EDITOR_CLUSTER, "timeout": "0s"},
    }
    if sidecar.upstream.authorization:
        given = sidecar.upstream.authorization
    elif sidecar.auth_mode is AuthMode.BASIC:
        # So it is where a remembered login was accepted.
        given = "%DYNAMIC_METADATA(kode:authorization)%"
    else:
        given = ""
    # The credentials are nothing that programs behind it should see.
    route["request_headers_to_remove"] = ["authorization"]
    if given:
        route["request_headers_to_add"] = [
            {
                "header": {"key": "authorization", "value": given},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ]
    return route


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
