"""The tutorial's commands, run in order as they stand on the page."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.local.machine import KODE, Machine

PAGE = Path("docs/tutorials/one-machine.md")
# The platform is started by the test, on a port of its own.
NOT_RUN = re.compile(r"make |\. \.venv")


def commands() -> list[str]:
    """Return the page's commands: what is indented by four spaces."""
    found = [line[4:] for line in PAGE.read_text().splitlines() if line.startswith("    ")]
    return [line for line in found if not NOT_RUN.match(line)]


@pytest.mark.slow
def test_every_command_of_the_tutorial_works(own_machine: Machine) -> None:
    said = own_machine.up()
    assert f"http://dev.localhost:{own_machine.port}/" in said
    assert len(commands()) > 15
    path = f"{KODE.parent}{os.pathsep}{own_machine.environment['PATH']}"
    done = subprocess.run(
        ["bash", "-eux", "-c", "\n".join(commands())],
        env={**own_machine.environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "hello" in done.stdout
    assert own_machine.processes() == {}
    assert not own_machine.listens()
