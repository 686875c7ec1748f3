"""Parts on demand, where they have been built: few tests need them, and building takes long."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster import build, components
from devcluster.paths import Store
from tests.devcluster.throwaway import Throwaway, started, wait

BUILT = all(
    build.location(one, Store.default()).is_dir()
    for one in (components.METRICS_SERVER, components.SNAPSHOTTER)
)
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        not BUILT, reason="first: python3 -m devcluster build metrics-server snapshotter"
    ),
]
MANIFESTS = Path(__file__).with_name("snapshot")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Throwaway]:
    with started("addons") as one:
        yield one


def run_pod(cluster: Throwaway, name: str) -> None:
    """Apply the manifest of a name, and wait for its pod to have done its work."""
    cluster.kubectl("apply", "-f", str(MANIFESTS / f"{name}.yaml"))
    ended = "--for=jsonpath={.status.phase}=Succeeded"
    cluster.kubectl("wait", f"pod/{name}", ended, "--timeout=60s")


def test_metrics_of_the_node_appear(cluster: Throwaway) -> None:
    cluster.succeed("add", "metrics")
    cluster.succeed("add", "metrics")  # a second time changes nothing
    path = "/apis/metrics.k8s.io/v1beta1/nodes"
    wait("figures", lambda: bool(json.loads(cluster.kubectl("get", "--raw", path))["items"]), 60)


def test_a_claim_is_filled_from_a_snapshot_and_from_another_claim(cluster: Throwaway) -> None:
    cluster.succeed("add", "snapshots")
    run_pod(cluster, "first")
    cluster.kubectl("apply", "-f", str(MANIFESTS / "snapshot.yaml"))
    ready = "--for=jsonpath={.status.readyToUse}=true"
    cluster.kubectl("wait", "volumesnapshot/kept", ready, "--timeout=60s")
    run_pod(cluster, "second")
    run_pod(cluster, "restored")
    assert cluster.kubectl("logs", "restored") == "snapshot: one\nclone: two\n"

    cluster.kubectl("delete", "pod,pvc,volumesnapshot", "--all", "--timeout=60s")
    cluster.kubectl("wait", "pv", "--all", "--for=delete", "--timeout=60s")
    assert not [path for path in cluster.cluster.run.csi.rglob("*") if path.is_file()]


def test_a_class_that_cannot_copy_says_so(cluster: Throwaway) -> None:
    cluster.kubectl("apply", "-f", str(MANIFESTS / "refused.yaml"))
    said = "this storage class cannot fill a volume from a PersistentVolumeClaim"
    messages = ["get", "events", "-o", "jsonpath={.items[*].message}"]
    wait("an event", lambda: said in cluster.kubectl(*messages))
    phase = cluster.kubectl("get", "pvc/refused", "-o", "jsonpath={.status.phase}")
    assert phase == "Pending"
