"""Who reaches a workspace, and what a workspace reaches.

Rule: whatever is said to be out of reach is first reached by somebody else, so that it is there.
"""

from collections.abc import Iterator

import pytest

from kode.api import layout
from tests.cluster.documents import WEBTOP, kode, probe, stand_in, template
from tests.cluster.installation import NAMESPACE
from tests.cluster.listener import TEXT, serving
from tests.cluster.place import Place, kubectl
from tests.cluster.reach import Target, fetched, reached

METADATA = "169.254.169.254"
OUTSIDE = "203.0.113.7"
"""An address of the documentation's range, which stands for the internet."""
EDITOR, DESKTOP = 8443, 3000
_PORTS = (layout.SIDECAR_HTTP, layout.SIDECAR_HEALTH, EDITOR, DESKTOP, 9901, 22)
_GATEWAY = {"app.kubernetes.io/part-of": "kode", "app.kubernetes.io/component": "gateway"}


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place, elsewhere: Place) -> None:
    place.apply(
        stand_in("plain"),
        template("desktop", type="webtop", image=WEBTOP),
        stand_in("open", service={"type": "NodePort"}),
        kode("mine", "plain"),
        kode("desktop", "desktop"),
        kode("open", "open"),
        probe("near"),
        probe("liar", **_GATEWAY),
    )
    elsewhere.apply(probe("far"), probe("liar", **_GATEWAY))
    place.probe_ready("near")
    place.probe_ready("liar")
    elsewhere.probe_ready("far")
    elsewhere.probe_ready("liar")
    for name in ("mine", "desktop", "open"):
        place.ready(name)
        with place.door(name):
            """Its Service is routed by now."""


@pytest.fixture(scope="module")
def gateway(place: Place) -> Iterator[Place]:
    """The operator's namespace, with a pod that is labelled as the gateway will be."""
    system = Place(place.api, NAMESPACE)
    system.apply(probe("test-gateway", **_GATEWAY), probe("test-other"))
    system.probe_ready("test-gateway")
    system.probe_ready("test-other")
    yield system
    system.delete("Pod", "test-gateway")
    system.delete("Pod", "test-other")


def _targets(place: Place, name: str) -> list[Target]:
    address = place.pod(name)["status"]["podIP"]
    service = place.get("Service", name)["spec"]["clusterIP"]
    return [*((address, port) for port in _PORTS), (service, 80)]


def _door(place: Place, name: str) -> set[Target]:
    address = place.pod(name)["status"]["podIP"]
    return {
        (address, layout.SIDECAR_HTTP),
        (place.get("Service", name)["spec"]["clusterIP"], 80),
    }


def test_only_the_sidecar_listens_beyond_loopback(place: Place) -> None:
    table = place.exec("mine", "cat", "/proc/net/tcp", "/proc/net/tcp6")
    listening = [line.split()[1] for line in table.splitlines() if line.split()[3:4] == ["0A"]]
    beyond = {int(item.split(":")[1], 16) for item in listening if not item.startswith("0100007F")}
    assert beyond == {layout.SIDECAR_HTTP, layout.SIDECAR_HEALTH}
    assert f"0100007F:{EDITOR:04X}" in listening


def test_the_gateway_reaches_the_sidecar_and_nothing_else(place: Place, gateway: Place) -> None:
    for name in ("mine", "desktop"):
        assert reached(gateway, "test-gateway", _targets(place, name)) == _door(place, name)


@pytest.mark.parametrize("pod", ["near", "liar"])
def test_the_same_namespace_reaches_nothing(place: Place, pod: str) -> None:
    targets = _targets(place, "mine") + _targets(place, "desktop")
    assert reached(place, pod, targets) == set()


@pytest.mark.parametrize("pod", ["far", "liar"])
def test_another_namespace_reaches_nothing(place: Place, elsewhere: Place, pod: str) -> None:
    targets = _targets(place, "mine") + _targets(place, "desktop")
    assert reached(elsewhere, pod, targets) == set()


def test_other_pods_of_the_operators_namespace_reach_nothing(place: Place, gateway: Place) -> None:
    assert reached(gateway, "test-other", _targets(place, "mine")) == set()


def test_one_workspace_does_not_reach_another(place: Place) -> None:
    assert reached(place, "mine", _targets(place, "desktop"), container="editor") == set()


def test_a_node_port_opens_the_sidecar_to_everyone_and_nothing_else(
    place: Place, elsewhere: Place
) -> None:
    for where, pod in ((place, "near"), (elsewhere, "far")):
        assert reached(where, pod, _targets(place, "open")) == _door(place, "open")


def test_a_node_port_is_reached_from_outside(place: Place) -> None:
    (node, *_) = place.api.list("Node")
    addresses = [item["address"] for item in node["status"]["addresses"]]
    port = place.get("Service", "open")["spec"]["ports"][0]["nodePort"]
    target = (addresses[0], port)
    assert reached(place, "near", [target]) == {target}


def test_the_metadata_address_is_out_of_reach_of_a_workspace_alone(
    place: Place, elsewhere: Place
) -> None:
    target = [(METADATA, 80)]
    with serving(METADATA, 80):
        assert fetched(elsewhere, "far", f"http://{METADATA}/") == TEXT
        assert fetched(place, "near", f"http://{METADATA}/") == TEXT
        for name in ("mine", "desktop", "open"):
            assert reached(place, name, target, container="editor") == set(), name


def test_a_workspace_reaches_the_cluster_and_the_world(place: Place) -> None:
    with serving(OUTSIDE, 80):
        assert fetched(place, "mine", f"http://{OUTSIDE}/", container="editor") == TEXT
    api = place.api.get("Service", "kubernetes", "default")
    assert api is not None
    targets = [(api["spec"]["clusterIP"], 443), ("kubernetes.default.svc", 443)]
    assert reached(place, "mine", targets, container="editor") == set(targets)


def test_the_admin_socket_is_the_sidecars_alone(place: Place) -> None:
    socket = f"{layout.ENVOY_RUN}/admin.sock"
    assert place.exec("mine", "test", "-S", socket, container="envoy") == ""
    assert _refused(place, "editor", "test", "-e", socket)
    assert _refused(place, "editor", "test", "-e", f"{layout.ENVOY_FILES}/{layout.ENVOY_LISTENERS}")


@pytest.mark.parametrize("container", ["editor", "envoy"])
def test_no_token_is_mounted(place: Place, container: str) -> None:
    assert _refused(place, container, "ls", "/var/run/secrets/kubernetes.io")
    assert "/var/run/secrets" not in place.exec(
        "mine", "cat", "/proc/self/mounts", container=container
    )


def _refused(place: Place, container: str, *command: str) -> bool:
    there = ["exec", "-n", place.namespace, "mine", "-c", container, "--"]
    return "terminated with exit code" in kubectl(*there, *command, check=False)
