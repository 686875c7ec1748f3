"""Parts that few tests need: built and started when asked for, in a cluster that is up.

They go with the cluster; adding one that is there already changes nothing.
"""

import base64
from collections.abc import Callable

from devcluster import api, boot, build, components, namespaces, network
from devcluster.cluster import DevCluster
from devcluster.errors import DevclusterError
from devcluster.services import Service

READY_SECONDS = 60.0


def add_metrics(cluster: DevCluster) -> None:
    """Serve the metrics API; `kubectl top` has figures after two scrapes, 20 s or so."""
    state = cluster.required()
    if state.mode == "fake":
        raise DevclusterError("fake nodes have no kubelet that could be measured")
    build.build([components.METRICS_SERVER], cluster.store)
    boot.link_binaries(cluster.run, [components.METRICS_SERVER], cluster.store)
    namespaces.supply(cluster.run, state.supervisor, [metrics_server(cluster)])
    ca = base64.b64encode((cluster.run.pki / "ca.crt").read_bytes()).decode()
    values = {"port": str(network.METRICS_PORT), "node_ip": network.NODE_IP, "ca": ca}
    boot.apply(cluster.run, [boot.render("metrics.yaml", values)])
    server = api.Api(cluster.run, state.port)
    path = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
    api.wait(
        "the metrics API",
        lambda: api.condition(server.get(path), "Available"),
        lambda: boot.check_services(cluster.run),
        READY_SECONDS,
    )


def metrics_server(cluster: DevCluster) -> Service:
    pki = cluster.run.pki
    credentials = cluster.run.inside_kubeconfig
    return Service(
        "metrics-server",
        [
            "metrics-server",
            f"--kubeconfig={credentials}",
            f"--authentication-kubeconfig={credentials}",
            f"--authorization-kubeconfig={credentials}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-certificate-authority={pki}/ca.crt",
            # Must be shorter than the resolution, or the server ends in a panic.
            "--kubelet-request-timeout=5s",
            "--metric-resolution=10s",
            f"--bind-address={network.NODE_IP}",
            f"--secure-port={network.METRICS_PORT}",
            f"--tls-cert-file={pki}/metrics-server.crt",
            f"--tls-private-key-file={pki}/metrics-server.key",
        ],
    )


ADDONS: dict[str, Callable[[DevCluster], None]] = {"metrics": add_metrics}
