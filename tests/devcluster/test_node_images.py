"""The test images keep the contracts of the public images whose names they bear."""

import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.devcluster.node import devcluster, kubectl_in

pytestmark = pytest.mark.cluster
NAMESPACE = "devcluster-images"
MANIFEST = Path(__file__).with_name("images.yaml")
SECONDS = 30
WEBSOCKET = (
    *("--http1.1", "--max-time", "3", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket"),
    *("-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
)


def succeed(*argv: str) -> str:
    done = kubectl_in(NAMESPACE, *argv)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def _pods() -> Iterator[None]:
    built = devcluster("images")
    assert built.returncode == 0, built.stderr
    kubectl_in(NAMESPACE, "delete", "namespace", NAMESPACE, "--ignore-not-found")
    succeed("create", "namespace", NAMESPACE)
    succeed("apply", "-f", str(MANIFEST))
    succeed("wait", "--for=condition=Ready", "pod", "--all", "--timeout=180s")
    yield
    kubectl_in(NAMESPACE, "delete", "namespace", NAMESPACE, "--wait=false")


@cache
def address(pod: str) -> str:
    return succeed("get", "pod", pod, "-o", "jsonpath={.status.podIP}")


def curl(url: str, *options: str) -> str:
    """Status and place of a redirect, asked from another pod; 000 where nobody answers."""
    form = "%{http_code} %{redirect_url}"
    argv = ["curl", "-sk", "--max-time", "5", "-o", "/dev/null", "-w", form, *options, url]
    return kubectl_in(NAMESPACE, "exec", "envoy", "-c", "tools", "--", *argv).stdout.strip()


def within(container: str, *argv: str) -> str:
    pod, _, name = container.partition("/")
    return succeed("exec", pod, "-c", name, "--", *argv).strip()


def eventually(test: Callable[[], str], wanted: str) -> None:
    deadline = time.monotonic() + SECONDS
    while (got := test()) != wanted and time.monotonic() < deadline:
        time.sleep(0.5)
    assert got == wanted


@pytest.mark.parametrize(("pod", "port"), [("linuxserver", 8443), ("codercom", 8080)])
def test_code_server_asks_for_its_password(pod: str, port: int) -> None:
    door = f"http://{address(pod)}:{port}"
    eventually(lambda: curl(f"{door}/healthz"), "200")
    assert curl(f"{door}/") == f"302 {door}/login"
    assert curl(f"{door}/login", "-d", "password=wrong") == "200"
    assert curl(f"{door}/login", "-d", "password=right") == f"302 {door}/"


@pytest.mark.parametrize(
    ("container", "port"), [("linuxserver/loopback", 3000), ("codercom/loopback", 8082)]
)
def test_code_server_host_keeps_it_on_loopback(container: str, port: int) -> None:
    here = f"http://127.0.0.1:{port}/healthz"
    inside = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", here)
    eventually(lambda: kubectl_in(NAMESPACE, *_exec(container), *inside).stdout, "200")
    assert curl(f"http://{address(container.partition('/')[0])}:{port}/healthz") == "000"


def _exec(container: str) -> tuple[str, ...]:
    pod, _, name = container.partition("/")
    return ("exec", pod, "-c", name, "--")


def test_codercom_takes_the_last_of_repeated_arguments() -> None:
    door = f"http://{address('codercom')}:8081"
    eventually(lambda: curl(f"{door}/"), f"302 {door}/?folder=/home/coder/project")


def test_codercom_runs_as_coder() -> None:
    assert within("codercom/password", "sh", "-c", "id -un; id -u; pwd") == (
        "coder\n1000\n/home/coder"
    )


def test_linuxserver_gives_the_home_to_the_user_asked_for() -> None:
    place = "linuxserver/password"
    assert within(place, "stat", "-c", "%u:%g", "/config", "/config/workspace") == (
        "1234:2345\n1234:2345"
    )
    assert int(within(place, "pgrep", "--count", "--uid", "1234", "--full", "entry"))
    assert within(place, "date", "+%Z") == "JST"
    climb = "su abc -c \"echo upwards | sudo -S -p '' id -u\""
    assert within(place, "sh", "-c", climb) == "0"


def test_linuxserver_opens_a_workspace_that_it_does_not_make() -> None:
    login = within(
        "linuxserver/password",
        *("curl", "-s", "-L", "-b", "", "-d", "password=right", "-o", "/dev/null"),
        *("-w", "%{url_effective}", "http://127.0.0.1:8443/login"),
    )
    assert login.endswith("/?folder=/config/project")
    assert within("linuxserver/password", "sh", "-c", "ls -d /config/project || true") == ""


def test_webtop_asks_for_user_and_password_everywhere() -> None:
    door = f"http://{address('webtop')}:3000"
    eventually(lambda: curl(f"{door}/"), "401")
    assert curl(f"{door}/", "-u", "dev:wrong") == "401"
    assert curl(f"{door}/", "-u", "dev:the right one") == "200"
    assert curl(f"{door}/websockify", *WEBSOCKET) == "401"
    assert curl(f"{door}/websockify", *WEBSOCKET, "-u", "dev:the right one") == "101"
    assert curl(f"https://{address('webtop')}:3001/") == "401"


def test_webtop_shows_nothing_but_its_web_server() -> None:
    assert curl(f"http://{address('webtop')}:5901/") == "000"
    assert curl(f"http://{address('webtop')}:6901/") == "000"
    assert within("webtop/password", "stat", "-c", "%u", "/config") == "1234"


def test_webtop_without_a_password_is_open_on_the_ports_asked_for() -> None:
    door = address("webtop-open")
    eventually(lambda: curl(f"http://{door}:4000/"), "200")
    assert curl(f"https://{door}:4001/vnc.html") == "200"
    assert curl(f"http://{door}:3000/") == "000"


def test_envoy_leaves_root_and_runs_as_anybody() -> None:
    who = ("sh", "-c", "stat -c %u /proc/1")
    assert within("envoy/root", *who) == "101"
    assert within("envoy/strict", *who) == "1337"
    ready = "http://127.0.0.1:{}/ready"
    for port in (9901, 9902):
        argv = ("curl", "-s", "--retry", "9", "--retry-connrefused", ready.format(port))
        assert within("envoy/tools", *argv) == "LIVE"


def test_the_operator_runs_without_rights() -> None:
    assert within("operator/operator", "id", "-u") == "65532"
    eventually(lambda: succeed("logs", "operator").strip(), "imported")
