"""tools.up: what it remembers between a start and a stop. The way itself is shown on a cluster."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devcluster.namespaces import Process
from tools import up
from tools.up import Started


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KODE_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    ran: list[list[str]] = []
    monkeypatch.setattr(up, "run", ran.append)
    return ran


def test_what_is_written_is_read() -> None:
    assert Started.read() is None
    Started("dev", ours=True, process=(7, 8)).write()
    assert Started.read() == Started("dev", ours=True, process=(7, 8))


def test_stop_ends_the_forward_and_leaves_a_cluster_that_was_there(
    cache: Path, steps: list[list[str]]
) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as child:
        process = Process.find(child.pid)
        assert process is not None
        Started("dev", ours=False, process=(process.pid, process.started)).write()
        up.stop()
        assert child.wait(timeout=5) != 0
    assert steps == []
    assert not (cache / "up.json").exists()


def test_stop_takes_down_a_cluster_of_its_own(steps: list[list[str]]) -> None:
    Started("dev", ours=True).write()
    up.stop()
    assert steps == [[sys.executable, "-m", "devcluster", "down", "--name", "dev"]]


def test_later_process_of_the_same_number_is_left_alone() -> None:
    Started("dev", ours=False, process=(os.getpid(), 1)).stop_forward()
