"""The editor as Envoy sees it: a cluster of one host, asked for its health.

Rule: no request goes to a host that is known to be down.
"""

from typing import Any

from kode.gateway.passthrough import EDITOR_CLUSTER, HTTP_OPTIONS
from kode.gateway.sidecar import Upstream

Json = dict[str, Any]

_HEALTH_CHECK = {
    "timeout": "2s",
    "interval": "3s",
    "no_traffic_interval": "0.25s",
    "no_traffic_healthy_interval": "3s",
    "unhealthy_interval": "1s",
    "healthy_threshold": 1,
    "unhealthy_threshold": 10,
}
_KEEPALIVE = {"tcp_keepalive": {"keepalive_time": 60, "keepalive_interval": 20}}


def cluster(upstream: Upstream) -> Json:
    """Return the cluster of an editor, of one host that is asked for its health."""
    healthy = [{"start": 200, "end": upstream.unhealthy_from_status}]
    if upstream.login_is_healthy:
        healthy.append({"start": 401, "end": 402})
    return {
        "name": EDITOR_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "2s",
        # One host: sending requests to it while it is known to be down helps nobody.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        **({} if upstream.socket else {"upstream_connection_options": _KEEPALIVE}),
        "typed_extension_protocol_options": http1_options(),
        "health_checks": [
            {
                **_HEALTH_CHECK,
                "http_health_check": {
                    "host": "localhost",
                    "path": upstream.health_path,
                    "expected_statuses": healthy,
                },
            }
        ],
        "load_assignment": load_assignment(EDITOR_CLUSTER, _address(upstream)),
    }


def socket_cluster(name: str, path: str) -> Json:
    """Return a cluster of one Unix socket, healthy while something accepts connections."""
    address = {"pipe": {"path": path}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "health_checks": [{**_HEALTH_CHECK, "tcp_health_check": {}}],
        "load_assignment": load_assignment(name, address),
    }


def http1_options(**options: Json) -> Json:
    """Return the protocol options of a cluster that speaks HTTP/1.1, and others of its options."""
    return {
        HTTP_OPTIONS: {
            "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
            "explicit_http_config": {"http_protocol_options": {}},
            **options,
        }
    }


def load_assignment(name: str, address: Json) -> Json:
    """Return the endpoints of a cluster of one host."""
    return {
        "cluster_name": name,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
    }


def _address(upstream: Upstream) -> Json:
    if upstream.socket:
        return {"pipe": {"path": upstream.socket}}
    return {"socket_address": {"address": "127.0.0.1", "port_value": upstream.port}}
