"""The test images keep the contracts of the public images whose names they bear."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.devcluster.throwaway import Throwaway, started

pytestmark = pytest.mark.cluster
MANIFEST = Path(__file__).with_name("images") / "pods.yaml"
SECONDS = 30
WEBSOCKET = (
    *("--http1.1", "--max-time", "3", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket"),
    *("-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
)


@dataclass(frozen=True)
class Pods:
    """The pods of the manifest; a container is named `pod/container`."""

    cluster: Throwaway

    def address(self, pod: str) -> str:
        return self.cluster.kubectl("get", "pod", pod, "-o", "jsonpath={.status.podIP}")

    def within(self, container: str, *argv: str) -> str:
        pod, _, name = container.partition("/")
        return self.cluster.kubectl("exec", pod, "-c", name, "--", *argv).strip()

    def curl(self, url: str, *options: str) -> str:
        """Status and place of a redirect, asked from another pod; 000 where nobody answers."""
        form = "%{http_code} %{redirect_url}"
        argv = ("curl", "-sk", "--max-time", "5", "-o", "/dev/null", "-w", form, *options, url)
        tools = ("exec", "envoy", "-c", "tools", "--")
        return self.cluster.try_kubectl(*tools, *argv).stdout.strip()


@pytest.fixture(scope="module")
def pods() -> Iterator[Pods]:
    with started("images") as cluster:
        cluster.succeed("images")
        cluster.kubectl("apply", "-f", str(MANIFEST))
        cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=180s")
        yield Pods(cluster)


def eventually(test: Callable[[], str], wanted: str) -> None:
    deadline = time.monotonic() + SECONDS
    while (got := test()) != wanted and time.monotonic() < deadline:
        time.sleep(0.5)
    assert got == wanted


@pytest.mark.parametrize(("pod", "port"), [("linuxserver", 8443), ("codercom", 8080)])
def test_code_server_asks_for_its_password(pods: Pods, pod: str, port: int) -> None:
    editor = f"http://{pods.address(pod)}:{port}"
    eventually(lambda: pods.curl(f"{editor}/healthz"), "200")
    assert pods.curl(f"{editor}/") == f"302 {editor}/login"
    assert pods.curl(f"{editor}/login", "-d", "password=wrong") == "200"
    assert pods.curl(f"{editor}/login", "-d", "password=right") == f"302 {editor}/"


@pytest.mark.parametrize(
    ("container", "port"), [("linuxserver/loopback", 3000), ("codercom/loopback", 8082)]
)
def test_code_server_host_keeps_it_on_loopback(pods: Pods, container: str, port: int) -> None:
    here = f"http://127.0.0.1:{port}/healthz"
    asked = ("curl", "-s", "--retry", "20", "--retry-connrefused", "--retry-delay", "1")
    code = pods.within(container, *asked, "-o", "/dev/null", "-w", "%{http_code}", here)
    assert code == "200"
    assert pods.curl(f"http://{pods.address(container.partition('/')[0])}:{port}/healthz") == "000"


def test_codercom_takes_the_last_of_repeated_arguments(pods: Pods) -> None:
    editor = f"http://{pods.address('codercom')}:8081"
    eventually(lambda: pods.curl(f"{editor}/"), f"302 {editor}/?folder=/home/coder/project")


def test_codercom_runs_as_coder(pods: Pods) -> None:
    who = pods.within("codercom/password", "sh", "-c", "id -un; id -u; pwd")
    assert who == "coder\n1000\n/home/coder"


def test_linuxserver_gives_the_home_to_the_user_asked_for(pods: Pods) -> None:
    place = "linuxserver/password"
    owners = pods.within(place, "stat", "-c", "%u:%g", "/config", "/config/workspace")
    assert owners == "1234:2345\n1234:2345"
    assert int(pods.within(place, "pgrep", "--count", "--uid", "1234", "--full", "entry"))
    assert pods.within(place, "date", "+%Z") == "JST"
    climb = "su abc -c \"echo upwards | sudo -S -p '' id -u\""
    assert pods.within(place, "sh", "-c", climb) == "0"


def test_linuxserver_opens_a_workspace_that_it_does_not_make(pods: Pods) -> None:
    login = pods.within(
        "linuxserver/password",
        *("curl", "-s", "-L", "-b", "", "-d", "password=right", "-o", "/dev/null"),
        *("-w", "%{url_effective}", "http://127.0.0.1:8443/login"),
    )
    assert login.endswith("/?folder=/config/project")
    assert not pods.within("linuxserver/password", "sh", "-c", "ls -d /config/project || true")


def test_webtop_asks_for_user_and_password_everywhere(pods: Pods) -> None:
    editor = f"http://{pods.address('webtop')}:3000"
    eventually(lambda: pods.curl(f"{editor}/"), "401")
    assert pods.curl(f"{editor}/", "-u", "dev:wrong") == "401"
    assert pods.curl(f"{editor}/", "-u", "dev:the right one") == "200"
    assert pods.curl(f"{editor}/websockify", *WEBSOCKET) == "401"
    assert pods.curl(f"{editor}/websockify", *WEBSOCKET, "-u", "dev:the right one") == "101"
    assert pods.curl(f"https://{pods.address('webtop')}:3001/") == "401"


def test_webtop_shows_nothing_but_its_web_server(pods: Pods) -> None:
    address = pods.address("webtop")
    assert pods.curl(f"http://{address}:5901/") == "000"
    assert pods.curl(f"http://{address}:6901/") == "000"
    assert pods.within("webtop/password", "stat", "-c", "%u", "/config") == "1234"


def test_webtop_without_a_password_is_open_on_the_ports_asked_for(pods: Pods) -> None:
    address = pods.address("webtop-open")
    eventually(lambda: pods.curl(f"http://{address}:4000/"), "200")
    assert pods.curl(f"https://{address}:4001/vnc.html") == "200"
    assert pods.curl(f"http://{address}:3000/") == "000"


def test_envoy_leaves_root_and_runs_as_anybody(pods: Pods) -> None:
    who = ("stat", "-c", "%u", "/proc/1")
    assert pods.within("envoy/root", *who) == "101"
    assert pods.within("envoy/strict", *who) == "1337"
    for port in (9901, 9902):
        asked = ("curl", "-s", "--retry", "9", "--retry-connrefused")
        assert pods.within("envoy/tools", *asked, f"http://127.0.0.1:{port}/ready") == "LIVE"


def test_the_operator_runs_without_rights(pods: Pods) -> None:
    assert pods.within("operator/operator", "id", "-u") == "65532"
    eventually(lambda: pods.cluster.kubectl("logs", "operator").strip(), "imported")
