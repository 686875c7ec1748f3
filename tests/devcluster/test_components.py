"""Components are pinned, and their key changes with everything that goes in."""

import dataclasses
from pathlib import Path

import pytest

from devcluster import build, components
from devcluster.components import Component

MODULE = "module m\n\nrequire (\n\texample.com/thing v1.2.3\n\texample.com/other v0.1.0\n)\n"


@pytest.fixture
def component(tmp_path: Path) -> Component:
    directory = tmp_path / "thing"
    directory.mkdir()
    (directory / "go.mod").write_text(MODULE)
    (directory / "main.go").write_text("package main\n")
    return Component("thing", {"thing": "."}, module="example.com/thing", sources=tmp_path)


@pytest.mark.parametrize("one", components.ALL, ids=lambda one: one.name)
def test_every_component_is_pinned_by_hash(one: Component) -> None:
    if one.module:
        assert one.version().startswith("v")
        assert f"{one.module} {one.version()} h1:" in (one.directory / "go.sum").read_text()


def test_no_component_names_a_module_source() -> None:
    for one in components.ALL:
        assert "GOPROXY" not in (one.directory / "go.mod").read_text()


def test_version_is_read_from_the_pin(component: Component) -> None:
    assert component.version() == "v1.2.3"


def test_key_changes_with_sources_pins_and_flags(component: Component) -> None:
    keys = {component.key()}
    (component.directory / "main.go").write_text("package main // changed\n")
    keys.add(component.key())
    (component.directory / "go.mod").write_text(MODULE.replace("v0.1.0", "v0.1.1"))
    keys.add(component.key())
    keys.add(dataclasses.replace(component, tags="small").key())
    assert len(keys) == 4


def test_key_does_not_change_with_tests(component: Component) -> None:
    before = component.key()
    (component.directory / "main_test.go").write_text("package main\n")
    assert component.key() == before


def test_command_builds_every_binary_at_once() -> None:
    argv = build.command(components.KUBERNETES, Path("/cache/bin/k"))
    assert argv[:2] == ["go", "build"]
    assert argv[argv.index("-o") + 1] == "/cache/bin/k/"
    assert len([one for one in argv if one.startswith("k8s.io/kubernetes/cmd/")]) == 6
    version = components.KUBERNETES.version()
    assert any(one.endswith(f"version.gitVersion={version}") for one in argv)
