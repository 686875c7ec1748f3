"""`kode status`, `kode version`: where one is."""

import json

import pytest

from kode.cli.platforms import SelectedPlatform
from tests.unit.cli.conftest import Run
from tests.unit.cli.memory import Memory, kode

STATE = {"state": "down", "podman": "not installed", "editors": []}


def test_a_platform_that_is_down_is_a_state(
    run: Run, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kode.cli.local_status.platform_state", lambda: STATE)
    monkeypatch.setattr("kode.cli.status.own_version", lambda: "1.2.3")
    memory.hold(kode("a"), kode("b"), kode("c", phase=""))
    result = run("status")
    assert (result.exit_code, result.stderr) == (0, "hint: kode up\n")
    assert result.stdout == (
        "platform  this machine\n"
        "version   1.2.3\n"
        "state     down\n"
        "podman    not installed\n"
        "editors   -\n"
        "kodes     3\n"
        "phases    1 Pending, 2 Running\n"
    )
    assert json.loads(run("status", "-o", "json").stdout) == {
        "platform": "this machine",
        "version": "1.2.3",
        **STATE,
        "kodes": 3,
        "phases": {"Pending": 1, "Running": 2},
    }


def test_of_a_cluster_only_what_is_asked_of_it_is_told(
    run: Run, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kode.cli.platforms.select_platform", lambda _: SelectedPlatform(memory))
    assert run("status").stdout.splitlines()[-1] == "phases    -"
    memory.hold(kode("dev"))
    assert "files" not in run("describe", "dev").stdout


def test_the_version_is_told(run: Run) -> None:
    assert run("version").stdout.startswith("kode ")
    assert json.loads(run("version", "-o", "json").stdout)["api"] == "kode.jacero.io/v1alpha1"
