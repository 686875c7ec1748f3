"""A pod on the real node: images, volumes, names, ports and network policies."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devcluster.throwaway import Throwaway, started, wait

pytestmark = pytest.mark.cluster
MANIFESTS = Path(__file__).with_name("node")
TIMED_OUT = 143  # SIGTERM, from timeout


@pytest.fixture(scope="module")
def cluster() -> Iterator[Throwaway]:
    with started("node") as one:
        one.kubectl("apply", "-f", str(MANIFESTS / "pods.yaml"))
        one.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s")
        yield one


def fetch(cluster: Throwaway, client: str) -> subprocess.CompletedProcess[str]:
    """Ask the server from another pod; what is denied is dropped, so it times out."""
    return cluster.try_kubectl(
        "exec", client, "--", "timeout", "2", "wget", "-qO-", "http://server"
    )


def test_a_service_is_found_by_name(cluster: Throwaway) -> None:
    assert fetch(cluster, "friend").stdout == "hello\n"


def test_a_service_is_reached_from_a_command_inside(cluster: Throwaway) -> None:
    address = cluster.kubectl("get", "service/server", "-o", "jsonpath={.spec.clusterIP}")
    script = f"import urllib.request as r; print(r.urlopen('http://{address}').read().decode())"
    assert cluster.succeed("exec", "--", sys.executable, "-c", script).strip() == "hello"


def test_a_volume_belongs_to_the_pods_group(cluster: Throwaway) -> None:
    listing = cluster.kubectl("exec", "server", "--", "stat", "-c", "%u:%g %a", "/data")
    assert listing.strip() == "0:1000 2775"


def test_a_volume_goes_with_its_claim(cluster: Throwaway) -> None:
    cluster.kubectl("apply", "-f", str(MANIFESTS / "claim.yaml"))
    ended = "--for=jsonpath={.status.phase}=Succeeded"
    cluster.kubectl("wait", "pod/writer", ended, "--timeout=60s")
    name = cluster.kubectl("get", "pvc/short", "-o", "jsonpath={.spec.volumeName}")
    files = cluster.cluster.run.volumes / name
    assert (files / "file").is_file()
    cluster.kubectl("delete", "pod/writer", "pvc/short")
    cluster.kubectl("wait", f"pv/{name}", "--for=delete", "--timeout=30s")
    assert not files.exists()


def test_an_image_that_is_not_in_the_registry_fails_at_once(cluster: Throwaway) -> None:
    cluster.kubectl("run", "absent", "--image=quay.io/nobody/absent:1", "--restart=Never")
    reason = "jsonpath={.status.containerStatuses[0].state.waiting.reason}"
    failures = {"ErrImagePull", "ImagePullBackOff"}
    wait("the pull to fail", lambda: cluster.kubectl("get", "pod/absent", "-o", reason) in failures)
    cluster.kubectl("delete", "pod/absent", "--grace-period=0", "--force")


def test_port_forward_works_from_the_hosts_own_network(cluster: Throwaway) -> None:
    outside = os.environ | cluster.cluster.host_environment()
    argv = ["kubectl", "port-forward", "service/server", ":80"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=outside) as forward:
        assert forward.stdout
        port = forward.stdout.readline().split("127.0.0.1:")[1].split()[0]
        script = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}').read())"
        got = subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True
        )
        forward.terminate()
    assert got.stdout.strip() == "b'hello\\n'"


def test_a_policy_lets_in_only_whom_it_names(cluster: Throwaway) -> None:
    assert fetch(cluster, "stranger").stdout == "hello\n"
    cluster.kubectl("apply", "-f", str(MANIFESTS / "policy.yaml"))
    wait("the policy", lambda: fetch(cluster, "stranger").returncode == TIMED_OUT)
    assert fetch(cluster, "friend").stdout == "hello\n"
    # Out, only names may be asked: the API server is out of reach.
    asked = cluster.try_kubectl("exec", "server", "--", "timeout", "2", "nc", "10.96.0.1", "443")
    assert asked.returncode == TIMED_OUT
    name = "server.default.svc.cluster.local"
    assert "Address" in cluster.kubectl("exec", "server", "--", "nslookup", "-type=a", name)
    cluster.kubectl("delete", "networkpolicy/server")
    assert fetch(cluster, "stranger").stdout == "hello\n"
