"""Parts on demand, where they have been built: few tests need them, and building takes long."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster import build, components
from devcluster.paths import Store

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
NAME = "addons"
MANIFESTS = Path(__file__).with_name("snapshot")
FIGURES_SECONDS = 60.0


def devcluster(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "devcluster", argv[0], "--name", NAME, *argv[1:]]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def kubectl(*argv: str) -> str:
    done = devcluster("exec", "--", "kubectl", *argv)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    devcluster("down")
    up = devcluster("up")
    assert up.returncode == 0, up.stderr
    yield
    devcluster("down")


def apply(name: str) -> None:
    kubectl("apply", "-f", str(MANIFESTS / f"{name}.yaml"))


def test_metrics_of_the_node_appear() -> None:
    for _ in range(2):  # a second time changes nothing
        added = devcluster("add", "metrics")
        assert added.returncode == 0, added.stderr
    path = "/apis/metrics.k8s.io/v1beta1/nodes"
    deadline = time.monotonic() + FIGURES_SECONDS
    while not json.loads(kubectl("get", "--raw", path))["items"]:
        assert time.monotonic() < deadline
        time.sleep(1)


def test_a_claim_is_filled_from_a_snapshot_and_from_another_claim() -> None:
    added = devcluster("add", "snapshots")
    assert added.returncode == 0, added.stderr
    apply("first")
    kubectl("wait", "pod/first", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
    apply("snapshot")
    kubectl(
        "wait", "volumesnapshot/kept", "--for=jsonpath={.status.readyToUse}=true", "--timeout=60s"
    )
    apply("second")
    kubectl("wait", "pod/second", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
    apply("restored")
    kubectl("wait", "pod/restored", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
    assert kubectl("logs", "restored") == "snapshot: one\nclone: two\n"

    kubectl("delete", "pod,pvc,volumesnapshot", "--all", "--timeout=60s")
    kubectl("wait", "pv", "--all", "--for=delete", "--timeout=60s")


def test_a_class_that_cannot_copy_says_so() -> None:
    apply("refused")
    deadline = time.monotonic() + FIGURES_SECONDS
    wanted = "this storage class cannot fill a volume from a PersistentVolumeClaim"
    while wanted not in kubectl("get", "events", "-o", "jsonpath={.items[*].message}"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert kubectl("get", "pvc/refused", "-o", "jsonpath={.status.phase}") == "Pending"
