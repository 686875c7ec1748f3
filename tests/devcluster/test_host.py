"""What is changed on the host is noted once and put back."""

from pathlib import Path

import pytest

from devcluster import host
from devcluster.paths import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(host, "NODE_DIRECTORIES", (str(tmp_path / "kubelet"),))
    return Store(tmp_path / "cache")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    for name in ("kernel/panic", "vm/overcommit_memory", host.BRIDGE_SETTING):
        path = tmp_path / "sys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("0\n")
    return tmp_path / "sys"


def test_settings_and_directories_are_put_back(store: Store, settings: Path) -> None:
    host.note(store, settings)
    directory = Path(host.NODE_DIRECTORIES[0])
    assert directory.is_dir()
    (settings / "kernel/panic").write_text("10\n")
    host.restore(store, settings)
    assert (settings / "kernel/panic").read_text() == "0\n"
    assert not directory.exists()
    assert not store.host_settings.exists()


def test_a_second_cluster_does_not_note_what_the_first_one_changed(
    store: Store, settings: Path
) -> None:
    host.note(store, settings)
    (settings / "kernel/panic").write_text("10\n")
    host.note(store, settings)
    host.restore(store, settings)
    assert (settings / "kernel/panic").read_text() == "0\n"


def test_a_directory_that_was_there_stays(store: Store, settings: Path) -> None:
    directory = Path(host.NODE_DIRECTORIES[0])
    directory.mkdir()
    host.note(store, settings)
    host.restore(store, settings)
    assert directory.is_dir()


def test_settings_noted_before_a_reboot_are_not_put_back(
    store: Store, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.note(store, settings)
    (settings / "kernel/panic").write_text("5\n")
    monkeypatch.setattr(host, "_boot", lambda: "another boot")
    host.restore(store, settings)
    assert (settings / "kernel/panic").read_text() == "5\n"


def test_a_module_that_was_loaded_is_removed(
    store: Store, settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    modprobe = tmp_path / "modprobe"
    modprobe.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n')
    modprobe.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (settings / host.BRIDGE_SETTING).unlink()
    host.note(store, settings)
    host.restore(store, settings)
    assert calls.read_text() == "br_netfilter\n--quiet --remove br_netfilter\n"


def test_every_package_that_a_start_needs_is_one_that_deps_installs() -> None:
    assert set(host.packages()).issuperset(host.SHOWN_BY)
