"""The tables of processes: what runs in which mode."""

from pathlib import Path

from devcluster import services
from devcluster.paths import RunDir

RUN = RunDir(Path("/cache/run/one"))
NODE_ONLY = {"containerd", "kube-proxy", "kubelet", "netpol", "registry"}


def names(*, fake: bool) -> list[str]:
    table = services.first(RUN, ["relay"], fake=fake) + services.second(RUN, fake=fake)
    return [service.name for service in table]


def test_names_are_unique() -> None:
    assert len(names(fake=False)) == len(set(names(fake=False)))


def test_fake_mode_has_no_node() -> None:
    assert set(names(fake=False)).issuperset(NODE_ONLY)
    assert NODE_ONLY.isdisjoint(names(fake=True))


def test_only_fake_mode_has_fake_nodes() -> None:
    assert "kwok" in names(fake=True)
    assert "kwok" not in names(fake=False)


def test_volumes_of_fake_nodes_are_no_directories() -> None:
    assert not any(one.startswith("-root") for one in services.provisioner(RUN, fake=True).argv)
    assert any(one.startswith("-root") for one in services.provisioner(RUN, fake=False).argv)


def test_only_the_relay_gets_the_socket_that_listens_outside() -> None:
    relaying = [one.name for one in services.first(RUN, ["relay"], fake=False) if one.relays]
    assert relaying == ["relay"]


def test_commands_inside_find_the_clusters_own_binaries_first() -> None:
    assert services.environment(RUN)["PATH"].startswith("/cache/run/one/bin:")
