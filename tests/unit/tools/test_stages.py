"""tools.stages, with a stand-in for make and one for the compiler."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import stages
from tools.source import ROOT

# Runs a stage: writes the report named like it, and fails where its name says so.
MAKE = """
import pathlib, sys, time
stage = sys.argv[1]
open("ran", "a").write(stage + "\\n")
if stage == "slow":
    time.sleep(60)
pathlib.Path("artifacts").mkdir(exist_ok=True)
text = '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1"/></testsuites>'
pathlib.Path("artifacts", stage.removeprefix("test-") + ".xml").write_text(text)
sys.exit(2 if "bad" in stage else 0)
"""
COMPILE = "import os, time; open('compiler', 'w').write(str(os.getpid())); time.sleep(60)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KODE_TEST_CLUSTER", raising=False)
    monkeypatch.setattr(stages, "MAKE", [sys.executable, "-c", MAKE])
    monkeypatch.setattr(stages, "COMPILE", [sys.executable, "-c", "print('compiled')"])
    return tmp_path


def test_a_stage_that_fails_stops_no_other_and_all_are_in_the_table(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert stages.main(["check", "test-bad", "test-local"]) == 1
    assert (folder / "ran").read_text().split() == ["check", "test-bad", "test-local"]
    rows = [line.split() for line in capfd.readouterr().out.splitlines()[-5:]]
    assert [row[1] for row in rows] == ["stage", "check", "test-bad", "test-local", "all"]
    assert [row[3:6] for row in rows[1:]] == [*[["2", "2", "1"]] * 3, ["6", "6", "3"]]
    ends = [" ".join(row[6:]) for row in rows[1:]]
    assert ends == ["passed", "FAILED, exit status 2", "passed", "FAILED, exit status 2"]


@pytest.mark.usefixtures("folder")
def test_stages_that_pass_are_a_success() -> None:
    assert stages.main(["check", "test-local"]) == 0


def test_reports_of_an_earlier_run_are_not_counted(folder: Path) -> None:
    old = folder / "artifacts" / "check-old.xml"
    old.parent.mkdir()
    old.write_text('<testsuite tests="100"/>')
    (folder / "artifacts" / "checker.xml").write_text("not of this stage")
    assert stages.run("check", folder / "artifacts").counts == stages.Counts(2, 2, 1)
    assert not old.exists()


def test_an_existing_cluster_needs_nothing_compiled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KODE_TEST_CLUSTER", "existing")
    assert stages.main(["check"]) == 0
    assert not (folder / "artifacts" / "compile.log").exists()


def test_an_interrupted_run_tells_what_it_has_and_leaves_nothing_running(folder: Path) -> None:
    script = (
        f"import sys; from tools import stages; stages.MAKE = [sys.executable, '-c', {MAKE!r}]\n"
        f"stages.COMPILE = [sys.executable, '-c', {COMPILE!r}]\n"
        "sys.exit(stages.main(['check', 'slow', 'test-local']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    ran, compiler = folder / "ran", folder / "compiler"
    while not (ran.exists() and "slow" in ran.read_text() and compiler.exists()):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert [line.split()[1] for line in said.splitlines()[-3:]] == ["stage", "check", "all"]
    assert ran.read_text().split() == ["check", "slow"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(compiler.read_text()), 0)
