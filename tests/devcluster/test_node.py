"""A pod on the real node: images, volumes, names, ports and network policies."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.cluster import find

pytestmark = pytest.mark.cluster
NAMESPACE = "devcluster-node"
MANIFEST = Path(__file__).with_name("node.yaml")
NAME = f"server.{NAMESPACE}.svc.cluster.local"
TIMED_OUT = 143  # SIGTERM, from timeout


def devcluster(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "devcluster", *argv]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def kubectl(*argv: str) -> subprocess.CompletedProcess[str]:
    return devcluster("exec", "--", "kubectl", f"--namespace={NAMESPACE}", *argv)


def succeed(*argv: str) -> str:
    done = kubectl(*argv)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fetch(client: str) -> subprocess.CompletedProcess[str]:
    """Ask the server from another pod; what is denied is dropped, so it times out."""
    return kubectl("exec", client, "--", "timeout", "2", "wget", "-qO-", "http://server")


@pytest.fixture(scope="module")
def pods() -> Iterator[None]:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    succeed("create", "namespace", NAMESPACE)
    succeed("apply", "-f", str(MANIFEST))
    succeed("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s")
    yield
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.mark.usefixtures("pods")
def test_a_service_is_found_by_name() -> None:
    assert fetch("friend").stdout == "hello\n"


@pytest.mark.usefixtures("pods")
def test_a_service_is_reached_from_a_command_inside() -> None:
    address = succeed("get", "service/server", "-o", "jsonpath={.spec.clusterIP}")
    script = f"import urllib.request as r; print(r.urlopen('http://{address}').read().decode())"
    assert devcluster("exec", "--", sys.executable, "-c", script).stdout.strip() == "hello"


@pytest.mark.usefixtures("pods")
def test_a_volume_belongs_to_the_pods_group() -> None:
    listing = succeed("exec", "server", "--", "stat", "-c", "%u:%g %a", "/data")
    assert listing.strip() == "0:1000 2775"


@pytest.mark.usefixtures("pods")
def test_a_volume_goes_with_its_claim() -> None:
    succeed("apply", "-f", str(MANIFEST.with_name("claim.yaml")))
    succeed("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/writer", "--timeout=60s")
    name = succeed("get", "pvc/short", "-o", "jsonpath={.spec.volumeName}")
    succeed("delete", "pod/writer", "pvc/short")
    succeed("wait", f"pv/{name}", "--for=delete", "--timeout=30s")


@pytest.mark.usefixtures("pods")
def test_port_forward_works_from_the_hosts_own_network() -> None:
    kubeconfig = find().kubeconfig(on_host=True)
    kubectl_path = devcluster("exec", "--", "sh", "-c", "command -v kubectl").stdout.strip()
    argv = [kubectl_path, f"--kubeconfig={kubeconfig}", f"--namespace={NAMESPACE}"]
    with subprocess.Popen(
        [*argv, "port-forward", "service/server", ":80"], stdout=subprocess.PIPE, text=True
    ) as forward:
        assert forward.stdout
        port = forward.stdout.readline().split("127.0.0.1:")[1].split()[0]
        script = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{port}').read())"
        got = subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True
        )
        forward.terminate()
    assert got.stdout.strip() == "b'hello\\n'"


@pytest.mark.usefixtures("pods")
def test_a_policy_lets_in_only_whom_it_names() -> None:
    assert fetch("stranger").stdout == "hello\n"
    succeed("apply", "-f", str(MANIFEST.with_name("policy.yaml")))
    deadline = time.monotonic() + 5
    while fetch("stranger").returncode != TIMED_OUT:
        assert time.monotonic() < deadline, "the policy is not enforced"
    assert fetch("friend").stdout == "hello\n"
    # Out, only names may be asked: the API server is out of reach.
    asked = kubectl("exec", "server", "--", "timeout", "2", "nc", "10.96.0.1", "443")
    assert asked.returncode == TIMED_OUT
    assert "Address" in succeed("exec", "server", "--", "nslookup", "-type=a", NAME)
    succeed("delete", "networkpolicy/server")
    assert fetch("stranger").stdout == "hello\n"
