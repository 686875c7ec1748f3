"""What the shell says when a platform is started again: no edit, and no other folder of sockets."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kode.platform.local.paths import Paths
from tests.local import traces
from tests.local.kodes import LOGIN, opened, tiny
from tests.local.machine import KODE, Machine, newcomers
from tests.polling import until

pytestmark = pytest.mark.slow


@contextmanager
def too_deep() -> Iterator[Machine]:
    """A machine whose folder is too long for sockets."""
    with newcomers() as found:
        deep = replace(found, root=found.root.with_name("x" * 80))
        yield deep
        traces.check(deep, traces.made_up(deep))
        sockets = Paths(deep.root, deep.cache).sockets
        deep.end()
        assert not sockets.exists()


@pytest.fixture
def deep() -> Iterator[Machine]:
    with too_deep() as found:
        yield found


@dataclass(frozen=True)
class Bereft:
    """A machine whose sockets have vanished.

    Attributes:
        sockets: the folder of them.
        before: the pids of the gateway until then.
    """

    machine: Machine
    sockets: Path
    before: list[int]


@pytest.fixture(scope="module")
def bereft() -> Iterator[Bereft]:
    with too_deep() as found:
        up(found)
        found.apply(tiny(), opened("dev"))
        found.ready("dev")
        sockets = Paths(found.root, found.cache).sockets
        assert sockets != found.root / "run"
        before = gateway(found)
        shutil.rmtree(sockets)
        yield Bereft(found, sockets, before)


@pytest.fixture(scope="module")
def hung() -> Iterator[tuple[Machine, int]]:
    """A machine whose editor hangs, in its third life, and the pid of that."""
    with newcomers() as found:
        up(found)
        found.apply(tiny(), opened("dev"))
        found.ready("dev")
        for count in (2, 3):
            assert "restarted" in found.kode("restart", "dev")
            assert len(lives(found, "dev")) == count
        pid = int(lives(found, "dev")[-1])
        os.kill(pid, signal.SIGSTOP)
        yield found, pid


def up(machine: Machine, **variables: str) -> None:
    found = subprocess.run(
        [str(KODE), "up", f"--port={machine.port}", "--empty"],
        env={**machine.environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


def lives(machine: Machine, name: str) -> list[str]:
    return (machine.files(name) / "workspace" / "lives").read_text().split()


def gateway(machine: Machine) -> list[int]:
    return [pid for pid, line in machine.processes().items() if "--config-path" in line]


# It takes its time until an editor is seen to hang or to be out of reach: that begins before all.
@pytest.mark.usefixtures("hung", "bereft")
def test_the_shell_that_starts_the_next_platform_edits_nothing(deep: Machine) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        up(deep, TMPDIR=one, TERM="xterm", SSH_AUTH_SOCK="/a")
        deep.apply(tiny(), opened("dev"))
        deep.ready("dev")
        before = (lives(deep, "dev"), gateway(deep))
        os.kill(deep.platform(), signal.SIGKILL)
        up(deep, TMPDIR=other, TERM="dumb", SSH_AUTH_SOCK="/b", LC_TIME="C", https_proxy="")
        deep.ready("dev")
    assert (lives(deep, "dev"), gateway(deep)) == before
    said = deep.condition("dev", "WorkloadReady")
    assert (said["reason"], said.get("message", "")) == ("Running", "")
    assert deep.ask("dev.localhost", login=LOGIN).status == 200


def test_sockets_that_vanish_are_named_and_made_again(bereft: Bereft) -> None:
    machine, before = bereft.machine, bereft.before
    until(lambda: gateway(machine) not in ([], before), lambda: "the gateway is not started anew")
    said = machine.told("dev", "Unhealthy", status="False")
    assert f"{bereft.sockets}/editor-" in said["message"]
    assert "was deleted" in said["message"]
    assert len(lives(machine, "dev")) == 1
    machine.kode("restart", "dev")
    assert machine.ask("dev.localhost", login=LOGIN).status == 200
    assert len(lives(machine, "dev")) == 2


def test_a_restart_ends_an_editor_that_hangs_and_is_told_when_it_was_seen(
    hung: tuple[Machine, int],
) -> None:
    machine, pid = hung
    machine.told("dev", "Unhealthy", status="False")
    machine.kode("restart", "dev")
    assert len(lives(machine, "dev")) == 4
    assert not Path(f"/proc/{pid}").exists()
    assert machine.ask("dev.localhost", login=LOGIN).status == 200
