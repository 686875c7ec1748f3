"""Parts that few tests need: built and started when asked for, in a cluster that is up.

They go with the cluster; adding one that is there already changes nothing.
"""

import base64
import json
from collections.abc import Callable
from functools import partial

from devcluster import api, boot, build, components, namespaces, network
from devcluster.cluster import DevCluster
from devcluster.errors import DevclusterError
from devcluster.services import Service
from devcluster.state import State

READY_SECONDS = 60.0
CSI_DRIVER = "csi.devcluster.local"


def add_metrics(cluster: DevCluster) -> None:
    """Serve the metrics API; `kubectl top` has figures after two scrapes, 20 s or so."""
    state = real_node(cluster)
    install(cluster, components.METRICS_SERVER)
    namespaces.supply(cluster.run, state.supervisor, [metrics_server(cluster)])
    ca = base64.b64encode((cluster.run.pki / "ca.crt").read_bytes()).decode()
    values = {"port": str(network.METRICS_PORT), "node_ip": network.NODE_IP, "ca": ca}
    boot.apply(cluster.run, [boot.render("metrics.yaml", values)])
    path = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
    wait(cluster, "the metrics API", lambda server: api.condition(server.get(path), "Available"))


def add_snapshots(cluster: DevCluster) -> None:
    """Serve VolumeSnapshots, and a storage class `csi` whose volumes can be copied."""
    state = real_node(cluster)
    install(cluster, components.SNAPSHOTTER)
    files = build.location(components.SNAPSHOTTER, cluster.store).glob("*.yaml")
    boot.apply(cluster.run, [path.read_text() for path in sorted(files)])
    group = "/apis/snapshot.storage.k8s.io/v1"
    wait(cluster, "the snapshot API", lambda server: bool(server.get(group)))
    boot.apply(cluster.run, [boot.render("snapshots.yaml", {"driver": CSI_DRIVER})])
    namespaces.supply(cluster.run, state.supervisor, snapshotters(cluster))
    # The kubelet has found the driver when the node's list of drivers names it.
    drivers = f"/apis/storage.k8s.io/v1/csinodes/{network.NODE_NAME}"
    wait(
        cluster,
        "the kubelet to find the CSI driver",
        lambda server: CSI_DRIVER in json.dumps(server.get(drivers)),
    )


def real_node(cluster: DevCluster) -> State:
    state = cluster.require_state()
    if state.mode == "fake":
        raise DevclusterError("this needs a real node, and the nodes of this cluster are fake")
    return state


def install(cluster: DevCluster, component: components.Component) -> None:
    build.build([component], cluster.store)
    boot.link_binaries(cluster.run, [component], cluster.store)


def wait(cluster: DevCluster, what: str, test: Callable[[api.Api], bool]) -> None:
    server = api.Api(cluster.run, cluster.require_state().port)
    check = partial(boot.check_services, cluster.run)
    api.wait(what, lambda: test(server), check, READY_SECONDS)


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


def snapshotters(cluster: DevCluster) -> list[Service]:
    run = cluster.run
    credentials = run.inside_kubeconfig
    socket = f"/var/lib/kubelet/plugins/{CSI_DRIVER}/csi.sock"
    client = [f"--kubeconfig={credentials}", "--leader-election=false"]
    driver = [f"-name={CSI_DRIVER}", f"-root={run.csi}", f"-node={network.NODE_NAME}"]
    # Without this the controller waits for kinds that are not installed here.
    no_groups = "--feature-gates=CSIVolumeGroupSnapshot=false"
    return [
        Service("csi", ["csi", f"-kubeconfig={credentials}", *driver]),
        Service("snapshot-controller", ["snapshot-controller", *client, no_groups]),
        Service("csi-snapshotter", ["csi-snapshotter", *client, f"--csi-address={socket}"]),
    ]


ADDONS: dict[str, Callable[[DevCluster], None]] = {
    "metrics": add_metrics,
    "snapshots": add_snapshots,
}
