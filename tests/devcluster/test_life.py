"""The life of a real cluster beside whatever else runs on this machine.

It must be quick to come back to, survive a crash, and leave nothing.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster import cgroups, host, namespaces
from devcluster.cluster import DevCluster

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and mounts need root"),
]
NAME = "life"
QUIET_SECONDS = 20.0


def devcluster(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "devcluster", argv[0], "--name", NAME, *argv[1:]]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def kubectl(*argv: str) -> str:
    done = devcluster("exec", "--", "kubectl", *argv)
    assert done.returncode == 0, done.stderr
    return done.stdout


def traces() -> dict[str, set[str]]:
    """Everything of the host that a cluster could leave something in."""
    here = Path("/proc/self/mounts").read_text().splitlines()
    settings = (Path("/proc/sys", name) for name in host.KERNEL_SETTINGS)
    run = str(DevCluster(NAME).run.root)
    return {
        "mounts": set(here),
        "links": {path.name for path in Path("/sys/class/net").iterdir()},
        "control groups": {str(path) for one in cgroups.hierarchies() for path in one.glob("*/")},
        "settings": {f"{path}={path.read_text()}" for path in settings if path.exists()},
        "directories": {path for path in host.NODE_DIRECTORIES if Path(path).exists()},
        "files": {
            str(path)
            for path in (*Path("/run").iterdir(), *Path(tempfile.gettempdir()).glob("kode*"))
        },
        "processes": {line for line in processes() if run in line or "defunct" in line},
        "run directory": {run} if Path(run).exists() else set(),
    }


def processes() -> list[str]:
    argv = ["ps", "-eo", "pid,stat,args"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()


def left_since(before: dict[str, set[str]]) -> dict[str, set[str]]:
    return {
        what: found - before[what] if what != "settings" else found ^ before[what]
        for what, found in traces().items()
        if found - before[what] or (what == "settings" and found != before[what])
    }


@pytest.fixture
def before() -> Iterator[dict[str, set[str]]]:
    devcluster("down")
    yield traces()
    devcluster("down")


def supervisor() -> namespaces.Process:
    return DevCluster(NAME).required().supervisor


def assert_traceless(before: dict[str, set[str]]) -> None:
    """A killed process may wait a moment for its parent, the machine's first one."""
    deadline = time.monotonic() + QUIET_SECONDS
    while (left := left_since(before)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert left == {}


def test_a_cluster_comes_up_once_and_goes_without_a_trace(before: dict[str, set[str]]) -> None:
    first = devcluster("up")
    assert first.returncode == 0, first.stderr
    assert " is up after " in first.stdout
    process = supervisor()

    again = devcluster("up")
    assert again.returncode == 0
    assert "already up" in again.stdout
    assert supervisor() == process
    assert devcluster("up", "--mode", "fake").returncode == 1

    assert kubectl("get", "node", "-o", "name").strip() == "node/node1"
    assert devcluster("status").returncode == 0
    assert devcluster("down").returncode == 0
    assert devcluster("status").returncode == 3
    assert_traceless(before)


def test_a_killed_cluster_is_replaced(before: dict[str, set[str]]) -> None:
    assert devcluster("up").returncode == 0
    kubectl("create", "configmap", "of-the-old-cluster")
    process = supervisor()
    os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + QUIET_SECONDS
    while process.alive() and time.monotonic() < deadline:
        time.sleep(0.05)

    assert devcluster("status").returncode == 3
    assert devcluster("exec", "--", "true").returncode == 1
    fresh = devcluster("up")
    assert fresh.returncode == 0, fresh.stderr
    assert "of-the-old-cluster" not in kubectl("get", "configmaps", "-o", "name")
    assert devcluster("down").returncode == 0
    assert_traceless(before)


def test_a_crash_is_cleared_away_by_down_alone(before: dict[str, set[str]]) -> None:
    assert devcluster("up").returncode == 0
    os.kill(supervisor().pid, signal.SIGKILL)
    assert devcluster("down").returncode == 0
    assert_traceless(before)


def test_a_service_that_ends_is_started_again(before: dict[str, set[str]]) -> None:
    assert devcluster("up").returncode == 0
    done = devcluster("exec", "--node", "--", "sh", "-c", "kill $(pidof kube-scheduler)")
    assert done.returncode == 0, done.stderr
    deadline = time.monotonic() + QUIET_SECONDS
    while "kube-scheduler: running, started 2 times" not in devcluster("status").stdout:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert devcluster("down").returncode == 0
    assert_traceless(before)


def test_fake_nodes_run_pods_with_claims(before: dict[str, set[str]]) -> None:
    up = devcluster("up", "--mode", "fake")
    assert up.returncode == 0, up.stderr
    kubeconfig = devcluster("kubeconfig", "--host").stdout.strip()
    outside = [str(DevCluster(NAME).run.bin / "kubectl"), f"--kubeconfig={kubeconfig}"]
    apply = subprocess.run(
        [*outside, "apply", "-f", "-"], check=True, input=WORKLOAD, text=True, capture_output=True
    )
    assert "created" in apply.stdout
    kubectl("rollout", "status", "statefulset/editor", "--timeout=60s")
    assert kubectl("get", "pvc", "-o", "jsonpath={.items[*].status.phase}") == "Bound"
    kubectl("delete", "statefulset/editor", "pvc/home", "--timeout=60s")
    kubectl("wait", "pv", "--all", "--for=delete", "--timeout=60s")
    assert devcluster("down").returncode == 0
    assert_traceless(before)


WORKLOAD = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: home
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 1Gi
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: editor
spec:
  selector:
    matchLabels:
      app: editor
  template:
    metadata:
      labels:
        app: editor
    spec:
      containers:
        - name: editor
          image: anything
          volumeMounts:
            - name: home
              mountPath: /home
      volumes:
        - name: home
          persistentVolumeClaim:
            claimName: home
"""
