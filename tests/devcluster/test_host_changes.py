"""What is changed on the host is noted once and put back once."""

import json
from pathlib import Path

import pytest

from devcluster import host_changes
from devcluster.host_changes import HostChanges

ONE = "one"
OTHER = "other"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostChanges:
    """A machine whose settings are files, with the run directories of two clusters."""
    monkeypatch.setattr(host_changes, "NODE_DIRECTORIES", (str(tmp_path / "kubelet"),))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    modprobe = tmp_path / "modprobe"
    modprobe.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/modprobe.calls\n')
    modprobe.chmod(0o755)
    for name in ("kernel/panic", "vm/overcommit_memory", host_changes.BRIDGE_SETTING):
        path = tmp_path / "sys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("0\n")
    for name in (ONE, OTHER):
        (tmp_path / name).mkdir()
    return HostChanges(tmp_path / "note.json", tmp_path / "sys")


def panic(machine: HostChanges) -> Path:
    return machine.settings / "kernel/panic"


def test_everything_is_put_back_and_the_note_goes(machine: HostChanges, tmp_path: Path) -> None:
    machine.enter(tmp_path / ONE)
    assert (tmp_path / "kubelet").is_dir()
    panic(machine).write_text("10\n")
    machine.leave(tmp_path / ONE)
    assert panic(machine).read_text() == "0\n"
    assert not (tmp_path / "kubelet").exists()
    assert not machine.file.exists()


def test_the_last_cluster_to_go_puts_back_what_the_first_found(
    machine: HostChanges, tmp_path: Path
) -> None:
    machine.enter(tmp_path / ONE)
    panic(machine).write_text("10\n")
    machine.enter(tmp_path / OTHER)
    machine.leave(tmp_path / ONE)
    assert panic(machine).read_text() == "10\n"
    assert (tmp_path / "kubelet").is_dir()
    machine.leave(tmp_path / OTHER)
    assert panic(machine).read_text() == "0\n"


def test_a_cluster_whose_directory_is_gone_does_not_count(
    machine: HostChanges, tmp_path: Path
) -> None:
    machine.enter(tmp_path / ONE)
    machine.enter(tmp_path / OTHER)
    (tmp_path / OTHER).rmdir()
    machine.leave(tmp_path / ONE)
    assert not machine.file.exists()


def test_a_directory_that_was_there_stays(machine: HostChanges, tmp_path: Path) -> None:
    (tmp_path / "kubelet").mkdir()
    machine.enter(tmp_path / ONE)
    machine.leave(tmp_path / ONE)
    assert (tmp_path / "kubelet").is_dir()


def test_a_module_that_was_loaded_is_removed(machine: HostChanges, tmp_path: Path) -> None:
    (machine.settings / host_changes.BRIDGE_SETTING).unlink()
    machine.enter(tmp_path / ONE)
    machine.leave(tmp_path / ONE)
    calls = (tmp_path / "modprobe.calls").read_text()
    assert calls == "br_netfilter\n--quiet --remove br_netfilter\n"


def test_a_note_of_before_a_reboot_is_worth_nothing(machine: HostChanges, tmp_path: Path) -> None:
    machine.enter(tmp_path / ONE)
    note = json.loads(machine.file.read_text()) | {"boot": "another"}
    machine.file.write_text(json.dumps(note))
    panic(machine).write_text("5\n")
    machine.leave(tmp_path / ONE)
    assert panic(machine).read_text() == "5\n"


def test_leaving_without_a_note_is_no_error(machine: HostChanges, tmp_path: Path) -> None:
    machine.leave(tmp_path / ONE)
