"""Containers of Kodes when something is killed or ended: none is left, and none is missing."""

import os
import signal

import pytest

from tests.local.contained import begin, gone, inside, kode, record, template
from tests.local.images import Podman
from tests.local.machine import Machine
from tests.polling import until

pytestmark = pytest.mark.slow


@pytest.fixture
def own(engine: Podman, own_machine: Machine) -> Machine:
    """A machine that a test may break; its Kode dev is Ready."""
    assert engine.containers() == []
    return begin(own_machine)


def test_a_killed_shim_leaves_no_container_and_the_kode_comes_back(
    engine: Podman, own: Machine
) -> None:
    before = inside(engine, "dev")
    os.kill(record(own, "dev")["pid"], signal.SIGKILL)
    until(lambda: gone(before), lambda: "the container lives")
    until(lambda: inside(engine, "dev") not in {0, before}, lambda: "no new container")
    own.ready("dev")
    until(
        lambda: own.ask("dev.localhost", "/", own.login("dev")).status != 503,
        lambda: "the gateway does not lead to it",
    )
    assert len(engine.containers()) == 1


def test_a_killed_container_is_started_again(engine: Podman, own: Machine) -> None:
    before = inside(engine, "dev")
    os.kill(before, signal.SIGKILL)
    until(lambda: inside(engine, "dev") not in {0, before}, lambda: "no new container")
    own.ready("dev")


def test_all_killed_at_once_comes_back_with_the_platform(engine: Podman, own: Machine) -> None:
    before = inside(engine, "dev")
    for pid in (own.platform(), record(own, "dev")["pid"]):
        os.kill(pid, signal.SIGKILL)
    own.up("--empty")
    until(lambda: inside(engine, "dev") not in {0, before}, lambda: "no new container")
    own.ready("dev")
    assert gone(before)
    assert len(engine.containers()) == 1


def test_down_leaves_no_container_and_nothing_that_runs(engine: Podman, own: Machine) -> None:
    own.apply(kode("other"))
    own.ready("other")
    before = [inside(engine, name) for name in ("dev", "other")]
    own.kode("down")
    assert engine.containers() == []
    assert all(gone(pid) for pid in before)
    assert own.processes() == {}


def test_an_edit_of_the_annotation_is_taken_at_once(engine: Podman, own: Machine) -> None:
    serve = '"python3", "-m", "http.server", "--bind", "127.0.0.1", "$(PORT)"'
    own.apply(template(command=serve), kode("dev", runtime="process"))
    until(lambda: engine.containers() == [], lambda: "the container is left")
    until(
        lambda: own.get("kode", "dev")["status"]["runtime"].startswith("process"),
        lambda: str(own.get("kode", "dev")["status"]),
    )
    own.ready("dev")
    assert "image" in own.condition("dev", "Degraded")["message"]
