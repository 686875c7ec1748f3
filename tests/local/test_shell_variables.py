"""What the shell says when a platform is started again: no edit, and no other folder of sockets."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kode.platform.local.places import Places
from tests.local.kodes import LOGIN, opened, tiny
from tests.local.machine import KODE, Machine, newcomers, until

pytestmark = pytest.mark.slow


@pytest.fixture
def deep() -> Iterator[Machine]:
    """A machine whose folder is too long for sockets."""
    with newcomers() as found:
        deep = replace(found, root=found.root / ("x" * 80))
        yield deep
        sockets = Places(deep.root, deep.cache).sockets
        deep.end()
        assert not sockets.exists()


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


def test_sockets_that_vanish_are_named_and_made_again(deep: Machine) -> None:
    up(deep)
    deep.apply(tiny(), opened("dev"))
    deep.ready("dev")
    sockets = Places(deep.root, deep.cache).sockets
    assert sockets != deep.root / "run"
    before = gateway(deep)
    shutil.rmtree(sockets)
    until(lambda: gateway(deep) not in ([], before), lambda: "the gateway is not started anew")
    said = deep.told("dev", "Unhealthy", status="False")
    assert f"{sockets}/editor-" in said["message"]
    assert "is gone" in said["message"]
    assert len(lives(deep, "dev")) == 1
    deep.kode("restart", "dev")
    assert deep.ask("dev.localhost", login=LOGIN).status == 200
    assert len(lives(deep, "dev")) == 2


def test_a_restart_ends_an_editor_that_hangs_and_is_told_when_it_was_seen(deep: Machine) -> None:
    up(deep)
    deep.apply(tiny(), opened("dev"))
    deep.ready("dev")
    for count in (2, 3):
        assert "restarted" in deep.kode("restart", "dev")
        assert len(lives(deep, "dev")) == count
    hung = int(lives(deep, "dev")[-1])
    os.kill(hung, signal.SIGSTOP)
    deep.told("dev", "Unhealthy", status="False")
    deep.kode("restart", "dev")
    assert len(lives(deep, "dev")) == 4
    assert not Path(f"/proc/{hung}").exists()
    assert deep.ask("dev.localhost", login=LOGIN).status == 200
