"""From a Sidecar to the configuration of a real Envoy.

Rule: total and deterministic; whatever comes out is accepted by `envoy --mode validate` as long as
the administrator's own filters and clusters are. Schema: Envoy's v3 API,
https://www.envoyproxy.io/docs/envoy/latest/api-v3/api
"""

import json
from typing import Any

from kode.api import ports
from kode.gateway.passthrough import EDITOR_CLUSTER, HTTP_OPTIONS, enveloped
from kode.gateway.sidecar import ADMIN_SOCKET, Door, Sidecar, Upstream

Json = dict[str, Any]

_TYPE = "type.googleapis.com/envoy.extensions.filters"
_MANAGER = f"{_TYPE}.network.http_connection_manager.v3.HttpConnectionManager"

CLOSED_TEXT = (
    "This environment has no login, so nobody is let in.\n"
    "Set spec.password or spec.existingSecret of the Kode, or let its template name a proxy "
    "config that authenticates.\n"
)
_STARTING_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="2">'
    '<title>Starting</title><body style="font-family:system-ui;margin:20vh auto;max-width:32rem;'
    'padding:0 1rem"><h1>Your editor is starting</h1>'
    "<p>This page opens it as soon as it answers.</p></body></html>"
)


def bootstrap(sidecar: Sidecar) -> Json:
    """Return the whole static configuration of a sidecar, as Envoy's bootstrap in JSON."""
    return {
        "admin": {"address": {"pipe": {"path": ADMIN_SOCKET, "mode": 0o600}}},
        "static_resources": {
            "listeners": [_http_listener(sidecar), _health_listener()],
            "clusters": [_editor_cluster(sidecar.upstream), *(dict(c) for c in sidecar.clusters)],
        },
    }


def dump(config: Json) -> str:
    """Return the configuration as text, always the same for the same configuration."""
    return json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _http_listener(sidecar: Sidecar) -> Json:
    closed = sidecar.door is Door.CLOSED
    manager = {
        "@type": _MANAGER,
        "stat_prefix": "http",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        # An editor's sockets are quiet for hours; the keep-alives of TCP find the dead ones.
        "stream_idle_timeout": "0s",
        "use_remote_address": True,
        "normalize_path": True,
        "server_header_transformation": "PASS_THROUGH",
        "local_reply_config": {"mappers": [_starting_mapper()]},
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
    return _listener("http", ports.SIDECAR_HTTP, manager)


def _listener(name: str, port: int, manager: Json) -> Json:
    return {
        "name": name,
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": port}},
        # SOL_SOCKET/SO_KEEPALIVE, IPPROTO_TCP/TCP_KEEPIDLE and TCP_KEEPINTVL of Linux.
        "socket_options": [
            {"level": 1, "name": 9, "int_value": 1, "state": "STATE_PREBIND"},
            {"level": 6, "name": 4, "int_value": 60, "state": "STATE_PREBIND"},
            {"level": 6, "name": 5, "int_value": 20, "state": "STATE_PREBIND"},
        ],
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


def _filters(sidecar: Sidecar) -> list[Json]:
    chain: list[Json] = []
    if sidecar.door is Door.BASIC:
        chain.append(
            {
                "name": "envoy.filters.http.basic_auth",
                "typed_config": {
                    "@type": f"{_TYPE}.http.basic_auth.v3.BasicAuth",
                    "users": {"filename": sidecar.users_file},
                },
            }
        )
    if sidecar.door is not Door.CLOSED:
        chain.extend(enveloped(item) for item in sidecar.http_filters)
    return [*chain, _router()]


def _router() -> Json:
    return {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{_TYPE}.http.router.v3.Router"},
    }


def _editor_route(sidecar: Sidecar) -> Json:
    route: Json = {
        "match": {"prefix": "/"},
        "route": {"cluster": EDITOR_CLUSTER, "timeout": "0s"},
    }
    if sidecar.door is not Door.EDITOR and not sidecar.upstream.wants_authorization:
        # What opened the door is nothing that programs behind it should see. Where the editor
        # itself is the door, the header is for a program that somebody develops there.
        route["request_headers_to_remove"] = ["authorization"]
    return route


def _closed_route() -> Json:
    return {
        "match": {"prefix": "/"},
        "direct_response": {"status": 403, "body": {"inline_string": CLOSED_TEXT}},
    }


def _starting_mapper() -> Json:
    return {
        "filter": {
            "and_filter": {
                "filters": [
                    {
                        "status_code_filter": {
                            "comparison": {
                                "op": "EQ",
                                "value": {"default_value": 503, "runtime_key": "kode.starting"},
                            }
                        }
                    },
                    {
                        "header_filter": {
                            "header": {
                                "name": "sec-fetch-mode",
                                "string_match": {"exact": "navigate"},
                            }
                        }
                    },
                ]
            }
        },
        "body_format_override": {
            "text_format_source": {"inline_string": _STARTING_PAGE},
            "content_type": "text/html; charset=utf-8",
        },
    }


def _health_listener() -> Json:
    manager = {
        "@type": _MANAGER,
        "stat_prefix": "health",
        "http_filters": [
            _health_filter("/ready", {EDITOR_CLUSTER: {"value": 100}}),
            _health_filter("/live", {}),
            _router(),
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
    return _listener("health", ports.SIDECAR_HEALTH, manager)


def _health_filter(path: str, healthy: Json) -> Json:
    config: Json = {
        "@type": f"{_TYPE}.http.health_check.v3.HealthCheck",
        "pass_through_mode": False,
        "headers": [{"name": ":path", "string_match": {"exact": path}}],
    }
    if healthy:
        config["cluster_min_healthy_percentages"] = healthy
    return {
        "name": f"envoy.filters.http.health_check{path.replace('/', '.')}",
        "typed_config": config,
    }


def _editor_cluster(upstream: Upstream) -> Json:
    healthy = [{"start": 200, "end": 400}]
    if upstream.login_is_healthy:
        healthy.append({"start": 401, "end": 402})
    return {
        "name": EDITOR_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "2s",
        # One host: sending requests to it while it is known to be down helps nobody.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "upstream_connection_options": {
            "tcp_keepalive": {"keepalive_time": 60, "keepalive_interval": 20}
        },
        "typed_extension_protocol_options": {
            HTTP_OPTIONS: {
                "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
                "explicit_http_config": {"http_protocol_options": {}},
            }
        },
        "health_checks": [
            {
                "timeout": "2s",
                "interval": "3s",
                "no_traffic_interval": "0.25s",
                "no_traffic_healthy_interval": "3s",
                "unhealthy_interval": "1s",
                "healthy_threshold": 1,
                "unhealthy_threshold": 10,
                "http_health_check": {
                    "host": "localhost",
                    "path": upstream.health_path,
                    "expected_statuses": healthy,
                },
            }
        ],
        "load_assignment": _on_loopback(EDITOR_CLUSTER, upstream.port),
    }


def _on_loopback(cluster: str, port: int) -> Json:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "cluster_name": cluster,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
    }
