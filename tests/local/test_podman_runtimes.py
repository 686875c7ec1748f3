"""A podman that cannot run a container, and what becomes of that: in the product and its doctor.

Rule: a real podman, whose OCI runtime really fails; what is found out leaves nothing behind.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kode.platform.local.runtime import trial
from kode.platform.local.runtime.engine import Engine, Refusal
from kode.platform.local.runtime.engine_discovery import ask, state
from tests.local.contained import kode, template
from tests.local.images import Podman, configured
from tests.local.machine import Machine

pytestmark = pytest.mark.slow

COMPLAINT = "no control groups for anybody"
Configure = Callable[[str], Path]


@pytest.fixture
def configure(engine: Podman) -> Iterator[Configure]:
    """Return what has podman use OCI runtimes, of which `fails` stands for one that does."""
    containers = Path(engine.variables["CONTAINERS_CONF"])
    before = containers.read_text()
    fails = containers.parent / "fails"
    fails.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec echo version 1\necho "{COMPLAINT}" >&2\nexit 1\n'
    )
    fails.chmod(0o755)

    def write(text: str) -> Path:
        configured(containers.parent, text.replace("fails", f'["{fails}"]'))
        return containers

    yield write
    containers.write_text(before)


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for what is temporary: what others try at the same time is not of this test."""
    with tempfile.TemporaryDirectory(prefix="kode-") as name:
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


def left(engine: Podman) -> list[str]:
    """Return what a trial has left behind."""
    folder = tempfile.gettempdir()
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended since
            lines.append(path.read_bytes())
    marks = (f"{folder}/kode-podman-".encode(), b"sleep\0004321")
    running = [line.decode() for line in lines if any(mark in line for mark in marks)]
    return [*engine.containers(), *map(str, Path(folder).glob("kode-podman-*")), *running]


async def test_an_engine_is_one_that_has_run_a_container(engine: Podman) -> None:
    found = await ask(os.environ)
    assert isinstance(found, Engine), found
    assert left(engine) == []


async def test_where_one_oci_runtime_fails_one_that_works_is_used(
    engine: Podman, configure: Configure
) -> None:
    works = await ask(os.environ)
    assert isinstance(works, Engine)
    name = works.runtime or works.default_runtime
    broken = {"runc": "crun", "crun": "runc"}[name]
    configure(f'[engine]\nruntime = "{broken}"\n[engine.runtimes]\n{broken} = fails\n')
    found = await ask(os.environ)
    assert isinstance(found, Engine), found
    assert (found.default_runtime, found.runtime) == (broken, name)
    assert COMPLAINT in found.why_runtime
    assert left(engine) == []


async def test_an_oci_runtime_that_somebody_chose_is_never_exchanged(
    engine: Podman, configure: Configure
) -> None:
    configure('[engine]\nruntime = "strict"\n[engine.runtimes]\nstrict = fails\n')
    found = await ask(os.environ)
    assert isinstance(found, Refusal), found
    assert COMPLAINT in found.message
    assert "fix the OCI runtime strict" in found.next_step
    assert left(engine) == []


async def test_an_oci_runtime_that_hangs_is_waited_for_once_and_ended(
    engine: Podman, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_TIMEOUT", 3.0)
    containers = configure('[engine]\nruntime = "strict"\n[engine.runtimes]\nstrict = fails\n')
    hangs = containers.parent / "fails"
    hangs.write_text('#!/bin/sh\n[ "$1" = --version ] && exec echo version 1\nexec sleep 4321\n')
    found = await ask(os.environ)
    assert isinstance(found, Refusal), found
    assert "no container answers within 3 s" in found.message
    assert left(engine) == []


async def test_another_configuration_is_another_engine(configure: Configure) -> None:
    found = await ask(os.environ)
    assert isinstance(found, Engine)
    before = state(found)
    assert state(found) == before
    configure('[engine]\nevents_logger = "none"\n')
    assert state(found) != before


def test_a_kode_is_told_at_once_and_works_where_it_can(
    engine: Podman, own_machine: Machine, configure: Configure
) -> None:
    configure('[engine]\nruntime = "strict"\n[engine.runtimes]\nstrict = fails\n')
    own_machine.up("--empty")
    own_machine.apply(template(), kode("dev"))
    condition = own_machine.told("dev", "NotOnLocalPlatform")
    assert COMPLAINT in condition["message"]
    assert "containers.conf" in condition["message"]
    assert engine.containers() == []


def test_doctor_starts_a_container_and_leaves_none(
    engine: Podman, own_machine: Machine, configure: Configure
) -> None:
    found = doctor(own_machine)
    assert found["level"] == "ok"
    assert "container" in found["message"]
    configure('[engine]\nruntime = "strict"\n[engine.runtimes]\nstrict = fails\n')
    found = doctor(own_machine)
    assert found["level"] == "warn"
    assert COMPLAINT in found["message"]
    assert "fix the OCI runtime strict" in found["hint"]
    assert left(engine) == []


def doctor(machine: Machine) -> dict[str, str]:
    """Return what `kode doctor` says of podman."""
    findings = json.loads(machine.run("doctor", "-o", "json").stdout)
    (found,) = [it for it in findings if it["check"] == "podman"]
    return dict(found)
