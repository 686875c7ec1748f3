"""kode.platform.local.runtime.engine and what is read of podman's own words (engine_discovery)."""

import os
from pathlib import Path
from typing import Any

import pytest

from kode.platform.local.runtime import engine
from kode.platform.local.runtime.engine import Engine, Refusal
from kode.platform.local.runtime.engine_discovery import ask, describe

INFO = """{"host": {"security": {"rootless": true}, "cgroupVersion": "v2",
"cgroupControllers": ["memory", "pids"], "ociRuntime": {"name": "crun"}},
"version": {"Version": "%s"}}"""


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ({"cgroupVersion": "v2", "cgroupControllers": ["cpu", "memory", "pids"]}, "cpu memory"),
        ({"cgroupVersion": "v2", "cgroupControllers": ["memory"]}, "memory"),
        ({"cgroupVersion": "v2", "cgroupControllers": []}, ""),
        ({"cgroupVersion": "v2", "cgroupControllers": None}, ""),
        ({"cgroupVersion": "v1", "cgroupControllers": ["cpu", "memory"]}, ""),
        ({}, ""),
    ],
)
def test_a_person_can_only_limit_what_was_handed_to_them(host: dict[str, Any], known: str) -> None:
    found = engine.limits({**host, "security": {"rootless": True}})
    assert found == frozenset(known.split())


def test_root_can_limit_with_either_version_of_control_groups() -> None:
    host = {"cgroupVersion": "v1", "cgroupControllers": ["cpu"], "security": {"rootless": False}}
    assert engine.limits(host) == {"cpu"}


@pytest.mark.parametrize(
    ("version", "old"),
    [("4.3.1", False), ("4.10", False), ("5.0.0-rc1", False), ("4.2.9", True), ("3.4", True)],
)
def test_old_versions_are_told(version: str, old: bool) -> None:  # noqa: FBT001 - a table
    assert engine.is_too_old(version) is old


def test_only_podmans_own_variables_reach_it() -> None:
    given = {"HOME": "/h", "CONTAINERS_CONF": "/c", "https_proxy": "p", "KODE_HOME": "k", "X": "y"}
    assert set(engine.environment(given)) == {"HOME", "CONTAINERS_CONF", "https_proxy"}


def fake(folder: Path, script: str) -> dict[str, str]:
    """Return an environment with a podman that says something."""
    program = folder / "podman"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.defpath}"}


async def test_engine_is_what_podman_says_of_itself(tmp_path: Path) -> None:
    found = await describe(fake(tmp_path, f"echo '{INFO % '4.9.3'}'"))
    assert isinstance(found, Engine)
    assert (found.path, found.version) == (str(tmp_path / "podman"), "4.9.3")
    assert (found.rootless, found.limits, found.ulimits) == (True, frozenset({"memory"}), ())
    assert (found.default_runtime, found.title) == ("crun", "podman 4.9.3")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo first >&2; echo cannot clone >&2; exit 125", "does not work here: cannot clone"),
        ("exit 3", "exit code 3"),
        ("echo '{}'", "unexpected output"),
        ("echo no", "unexpected output"),
        (f"echo '{INFO % '3.4.4'}'", "3.4.4 is too old; install 4.3 or newer"),
    ],
)
async def test_podman_that_does_not_work_is_none(tmp_path: Path, script: str, words: str) -> None:
    found = await ask(fake(tmp_path, script))
    assert isinstance(found, Refusal)
    assert words in str(found)


async def test_without_podman_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    found = await ask({"PATH": str(tmp_path)})
    assert isinstance(found, Refusal)
    assert "apt-get install podman" in found.next_step
