"""tools.on_cluster, against a stand-in for devcluster that writes down how it was called."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import on_cluster
from tools.source import ROOT

STAND_IN = """
import os, sys, pathlib, time
log, fails = pathlib.Path(sys.argv[1]), sys.argv[2].split(",")
def note(text):
    log.write_text((log.read_text() if log.exists() else "") + text + "\\n")
note(" ".join(sys.argv[3:]))
if sys.argv[-1] == "for-long":
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(0.5)
        note("cleaned")
sys.exit(7 if sys.argv[3] in fails else 0)
"""


class Recorder:
    """What devcluster was asked, and what it shall fail at."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log, self.script = folder / "log", folder / "stand_in.py"
        self.script.write_text(STAND_IN)
        self.monkeypatch = monkeypatch
        self.fails("status")

    def fails(self, *verbs: str) -> None:
        command = [sys.executable, str(self.script), str(self.log), ",".join(verbs)]
        self.monkeypatch.setattr(on_cluster, "DEVCLUSTER", command)

    @property
    def verbs(self) -> list[str]:
        return [line.split()[0] for line in self.log.read_text().splitlines()]


@pytest.fixture
def devcluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return Recorder(tmp_path, monkeypatch)


def test_cluster_that_this_run_started_is_stopped(devcluster: Recorder) -> None:
    assert on_cluster.main(["--images", "--", "pytest", "--quiet"]) == 0
    assert devcluster.verbs == ["status", "up", "images", "exec", "down"]


def test_running_cluster_is_left_running(devcluster: Recorder) -> None:
    devcluster.fails("nothing")
    assert on_cluster.main(["pytest"]) == 0
    assert devcluster.verbs == ["status", "exec"]


def test_fake_nodes_live_beside_the_real_one(devcluster: Recorder) -> None:
    assert on_cluster.main(["--name", "mine", "--mode", "fake", "pytest"]) == 0
    assert devcluster.log.read_text().splitlines() == [
        "status --name mine-fake",
        "up --name mine-fake --mode fake",
        "exec --name mine-fake -- pytest",
        "down --name mine-fake",
    ]


def test_failure_of_the_command_is_passed_on_after_teardown(devcluster: Recorder) -> None:
    devcluster.fails("status", "exec")
    assert on_cluster.main(["pytest"]) == 7
    assert devcluster.verbs == ["status", "up", "exec", "down"]


def test_cluster_that_does_not_start_runs_nothing(devcluster: Recorder) -> None:
    devcluster.fails("status", "up")
    assert on_cluster.main(["--images", "pytest"]) == 7
    assert devcluster.verbs == ["status", "up", "down"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_is_interrupted_cleans_up_before_its_cluster_goes(
    devcluster: Recorder, how: signal.Signals
) -> None:
    script = (
        "import sys; from tools import on_cluster\n"
        f"on_cluster.DEVCLUSTER = {on_cluster.DEVCLUSTER}\n"
        "sys.exit(on_cluster.main(['--', 'for-long']))"
    )
    process = subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, "-c", script],
        cwd=ROOT,
        start_new_session=True,
    )
    while not (devcluster.log.exists() and "exec" in devcluster.verbs):
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)  # it sleeps in a moment
    if how is signal.SIGINT:  # as from a terminal
        os.killpg(process.pid, how)
    else:
        process.send_signal(how)
    assert process.wait(30) in (128 + how, -how)
    assert devcluster.verbs == ["status", "up", "exec", "cleaned", "down"]
