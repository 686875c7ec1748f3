"""Building: once, completely or not at all, with words that help."""

import threading
import time
from pathlib import Path

import pytest

from devcluster import build, locks
from devcluster.components import Component
from devcluster.errors import DevclusterError
from devcluster.paths import Store

# Stands in for the go command: `go env` tells a version, `go build` writes what
# the real one would, or fails as the source says.
GO = """#!/bin/sh
if [ "$1" = env ]; then cat "$(dirname "$0")/version"; exit; fi
echo built >> "$(dirname "$0")/calls"
grep -q broken main.go && { echo "main.go: it is broken"; exit 1; }
while [ "$1" != -o ]; do shift; done
echo binary > "$2/server"
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "tools"
    directory.mkdir()
    (directory / "go").write_text(GO)
    (directory / "go").chmod(0o755)
    (directory / "version").write_text("go1.99.1\n")
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    return directory


@pytest.fixture
def component(tmp_path: Path) -> Component:
    directory = tmp_path / "go" / "etcd"
    directory.mkdir(parents=True)
    (directory / "main.go").write_text("package main\n")
    return Component("etcd", {"etcd": "example.com/etcd/server/v3"}, sources=tmp_path / "go")


def test_a_second_build_does_nothing(tools: Path, component: Component, tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    build.build([component], store)
    build.build([component], store)
    assert (tools / "calls").read_text() == "built\n"


def test_a_binary_has_its_components_name(
    tools: Path, component: Component, tmp_path: Path
) -> None:
    store = Store(tmp_path / "cache")
    build.build([component], store)
    assert build.binary(component, "etcd", store).read_text() == "binary\n"
    assert tools.is_dir()


def test_who_wants_what_is_being_built_waits_for_it(
    tools: Path, component: Component, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "cache")
    with locks.hold(store, ".build-etcd"):
        second = threading.Thread(target=build.build, args=([component], store))
        second.start()
        while "waiting for another build" not in (said := capfd.readouterr().err):
            assert second.is_alive(), said
            time.sleep(0.02)
        build.location(component, store).mkdir(parents=True)
    second.join()
    assert not (tools / "calls").exists()


@pytest.mark.usefixtures("tools")
def test_a_failed_build_shows_why_and_leaves_nothing(component: Component, tmp_path: Path) -> None:
    (component.directory / "main.go").write_text("broken\n")
    store = Store(tmp_path / "cache")
    with pytest.raises(DevclusterError, match="it is broken"):
        build.build([component], store)
    assert not list(store.binaries.iterdir())


def test_an_old_go_is_named(tools: Path, component: Component, tmp_path: Path) -> None:
    (tools / "version").write_text("go1.19.8\n")
    with pytest.raises(DevclusterError, match=r"Go 1\.26 or newer .* but this is go1\.19\.8"):
        build.build([component], Store(tmp_path / "cache"))


def test_a_missing_go_is_named(
    component: Component, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DevclusterError, match="Go is not installed"):
        build.build([component], Store(tmp_path / "cache"))
