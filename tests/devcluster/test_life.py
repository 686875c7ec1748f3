"""The life of a real cluster beside whatever else runs on this machine.

It must be quick to come back to, survive a crash, and leave nothing. What else runs is known: other
clusters, and the tests of one machine, which keep all of theirs in folders of their own.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster import cgroups, host_changes, namespaces
from devcluster.paths import CGROUP_PREFIX
from tests.devcluster.throwaway import Throwaway, wait

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and mounts need root"),
]
TEMPORARY = Path(tempfile.gettempdir()) / "devcluster-life"
LIFE = Throwaway("life", {"TMPDIR": str(TEMPORARY)})
# What podman, which tests of one machine run, makes for all its storages together.
OF_PODMAN = {"containers", "crun", "libpod", "libpod_parent", "lock", "netns", "runc"}
QUIET_SECONDS = 20.0


def traces() -> dict[str, set[str]]:
    """Everything of the host that a cluster could leave something in.

    Other clusters and tests come and go meanwhile: what is in their folders and control groups is
    theirs.
    """
    others = f" {tempfile.gettempdir()}/kode-"
    here = Path("/proc/self/mounts").read_text().splitlines()
    settings = (Path("/proc/sys", name) for name in host_changes.KERNEL_SETTINGS)
    run, own = str(LIFE.cluster.run.root), LIFE.cluster.run.cgroup
    return {
        "mounts": {line for line in here if others not in line},
        "links": {path.name for path in Path("/sys/class/net").iterdir()},
        "control groups": {
            str(path)
            for hierarchy in cgroups.hierarchies()
            for path in hierarchy.glob("*/")
            if path.name == own or not path.name.startswith((CGROUP_PREFIX, *OF_PODMAN))
        },
        "settings": {f"{path}={path.read_text()}" for path in settings if path.exists()},
        "directories": {path for path in host_changes.NODE_DIRECTORIES if Path(path).exists()},
        "files": {
            *(str(path) for path in Path("/run").iterdir() if path.name not in OF_PODMAN),
            *map(str, TEMPORARY.rglob("*")),
        },
        "processes": {line for line in processes() if run in line or "[unshare] <defunct>" in line},
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
    TEMPORARY.mkdir(exist_ok=True)
    LIFE.run("down")
    yield traces()
    LIFE.run("down")
    shutil.rmtree(TEMPORARY)


def supervisor() -> namespaces.Process:
    return LIFE.cluster.require_state().supervisor


def assert_traceless(before: dict[str, set[str]]) -> None:
    """A killed process may wait a moment for its parent, the machine's first one."""
    deadline = time.monotonic() + QUIET_SECONDS
    while (left := left_since(before)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert left == {}


def test_a_cluster_comes_up_once_keeps_its_services_running_and_goes_without_a_trace(
    before: dict[str, set[str]],
) -> None:
    assert " is up after " in LIFE.succeed("up")
    process = supervisor()
    assert "already up" in LIFE.succeed("up")
    assert supervisor() == process
    assert LIFE.run("up", "--mode", "fake").returncode == 1
    assert LIFE.kubectl("get", "node", "-o", "name").strip() == "node/node1"
    LIFE.succeed("status")

    LIFE.succeed("exec", "--node", "--", "sh", "-c", "kill $(pidof kube-scheduler)")
    said = "kube-scheduler: running, started 2 times"
    wait("another start", lambda: said in LIFE.succeed("status"))

    LIFE.succeed("down")
    assert LIFE.run("status").returncode == 3
    assert_traceless(before)


def test_a_killed_cluster_is_replaced_or_cleared_away_by_down_alone(
    before: dict[str, set[str]],
) -> None:
    LIFE.succeed("up")
    LIFE.kubectl("create", "configmap", "of-the-old-cluster")
    process = supervisor()
    os.kill(process.pid, signal.SIGKILL)
    wait("the supervisor to end", lambda: not process.alive())

    assert LIFE.run("status").returncode == 3
    assert LIFE.run("exec", "--", "true").returncode == 1
    LIFE.succeed("up")
    assert "of-the-old-cluster" not in LIFE.kubectl("get", "configmaps", "-o", "name")

    os.kill(supervisor().pid, signal.SIGKILL)
    LIFE.succeed("down")
    assert_traceless(before)


def test_fake_nodes_run_pods_with_claims(before: dict[str, set[str]]) -> None:
    LIFE.succeed("up", "--mode", "fake")
    LIFE.kubectl("apply", "-f", str(Path(__file__).with_name("workload.yaml")))
    LIFE.kubectl("rollout", "status", "statefulset/editor", "--timeout=60s")
    assert LIFE.kubectl("get", "pvc", "-o", "jsonpath={.items[*].status.phase}") == "Bound"
    LIFE.kubectl("delete", "statefulset/editor", "pvc/home", "--timeout=60s")
    LIFE.kubectl("wait", "pv", "--all", "--for=delete", "--timeout=60s")
    LIFE.succeed("down")
    assert_traceless(before)
