"""The command line without a cluster: what it refuses, and existing clusters."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from devcluster import build, components
from devcluster.cli import main
from devcluster.cluster import DevCluster, existing, find
from devcluster.errors import DevclusterError


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KODE_CACHE", str(tmp_path))
    monkeypatch.delenv("KODE_TEST_CLUSTER", raising=False)


def test_status_says_that_nothing_is_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 3
    assert "is not up" in capsys.readouterr().out


def test_down_of_nothing_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down", "--name", "never-made"]) == 0
    assert "was not up" in capsys.readouterr().out


def test_exec_needs_a_cluster_and_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exec", "--", "true"]) == 1
    assert "python3 -m devcluster up" in capsys.readouterr().err


def test_an_unknown_component_is_named_with_those_that_exist(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["build", "kubelet"]) == 1
    assert "no component is named kubelet; there are kubernetes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "built"),
    [([], components.FULL), (["all"], components.ALL), (["etcd"], [components.ETCD])],
)
def test_what_is_built_is_what_was_asked_for(
    words: list[str], built: Sequence[components.Component], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[components.Component] = []
    monkeypatch.setattr(build, "build", lambda wanted, _: asked.extend(wanted))
    assert main(["build", *words]) == 0
    assert asked == list(built)


@pytest.mark.parametrize("name", ["", "..", "a/b", "UPPER", "-x", "a" * 40])
def test_a_name_that_is_no_directory_name_is_refused(name: str) -> None:
    with pytest.raises(DevclusterError, match="must match"):
        DevCluster(name)


def test_an_existing_cluster_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KODE_TEST_CLUSTER", "existing")
    monkeypatch.setenv("KUBECONFIG", "/etc/their.kubeconfig")
    cluster = find()
    assert cluster.exec_prefix() == []
    assert cluster.exec_environment() == {"KUBECONFIG": "/etc/their.kubeconfig"}
    assert cluster.host_environment() == cluster.exec_environment()
    assert main(["up"]) == main(["down"]) == main(["status"]) == main(["images"]) == 0


def test_an_existing_cluster_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KODE_TEST_CLUSTER", "existing")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(DevclusterError, match="needs KUBECONFIG"):
        existing()
