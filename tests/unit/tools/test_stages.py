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

# Runs a stage: writes the report named like it, and fails where its name says so. One that waits
# goes on when the other one of its name is there as well.
MAKE = """
import pathlib, subprocess, sys, time
stage = sys.argv[1]
print("this is", stage, flush=True)
open("ran", "a").write(stage + "\\n")
if stage == "slow":
    tests = subprocess.Popen([sys.executable, "-c", "import sys; exec(sys.argv[1])", SLOW])
    tests.wait()
while stage.startswith("wait") and open("ran").read().count("wait") < 2:
    time.sleep(0.02)
pathlib.Path("artifacts").mkdir(exist_ok=True)
text = '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1"/></testsuites>'
pathlib.Path("artifacts", stage.removeprefix("test-") + ".xml").write_text(text)
sys.exit(2 if "bad" in stage else 0)
"""
# What a stage runs: it needs a while to clean up.
SLOW = """
import os, pathlib, time
pathlib.Path("tests").write_text(str(os.getpid()))
try:
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.2)
    print("cleaned up", flush=True)
"""
MAKE = f"SLOW = {SLOW!r}\n{MAKE}"
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
    assert stages.main(["check,test-bad,test-local"]) == 1
    assert (folder / "ran").read_text().split() == ["check", "test-bad", "test-local"]
    rows = [line.split() for line in capfd.readouterr().out.splitlines()[-5:]]
    assert [row[1] for row in rows] == ["stage", "check", "test-bad", "test-local", "all"]
    assert [row[3:6] for row in rows[1:]] == [*[["2", "2", "1"]] * 3, ["6", "6", "3"]]
    ends = [" ".join(row[6:]) for row in rows[1:]]
    assert ends == ["passed", "FAILED, exit status 2", "passed", "FAILED, exit status 2"]


@pytest.mark.usefixtures("folder")
def test_stages_that_pass_are_a_success() -> None:
    assert stages.main(["check", "test-local"]) == 0


def test_lanes_run_beside_each_other(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert stages.main(["wait-one,last-one", "wait-other"]) == 0
    ran = (folder / "ran").read_text().split()
    assert set(ran[:2]) == {"wait-one", "wait-other"}
    assert ran[2:] == ["last-one"]
    # Whichever ends first, the table is in the order of what was asked for.
    table = [line.split()[1] for line in capfd.readouterr().out.splitlines()[-5:]]
    assert table == ["stage", "wait-one", "last-one", "wait-other", "all"]


def test_a_lane_waits_for_a_stage_of_another(folder: Path) -> None:
    assert stages.main(["bad-one,wait-one", "@bad-one,wait-other"]) == 1
    ran = (folder / "ran").read_text().split()
    assert ran[0] == "bad-one"
    assert set(ran[1:]) == {"wait-one", "wait-other"}


@pytest.mark.usefixtures("folder")
def test_a_stage_that_no_lane_has_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        stages.main(["check", "@test-local,other"])
    assert "@test-local: no lane has this stage" in capsys.readouterr().err


def test_what_fails_stops_neither_its_lane_nor_another(folder: Path) -> None:
    assert stages.main(["bad-one,one", "bad-other,other"]) == 1
    ran = set((folder / "ran").read_text().split())
    assert ran == {"bad-one", "one", "bad-other", "other"}


def test_what_stages_print_is_printed_in_one_piece_and_kept(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert stages.main(["wait-one", "wait-other"]) == 0
    lines = capfd.readouterr().out.splitlines()
    for stage in ("wait-one", "wait-other"):
        begins = lines.index(f"== {stage}: output")
        assert lines[begins + 1] == f"this is {stage}"
        assert lines[begins + 2].startswith(f"== {stage}: ")
        assert lines[begins + 2].endswith("passed")
        log = folder / "artifacts" / f"{stage}.log"
        assert log.read_text() == f"this is {stage}\n"
        assert f"== {stage}: begins; its output: artifacts/{stage}.log" in lines


@pytest.mark.usefixtures("folder")
def test_how_far_each_lane_is_is_told_while_it_runs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stages, "PROGRESS_INTERVAL", 0.0)
    monkeypatch.setattr(stages, "_POLL_INTERVAL", 0.0)
    assert stages.main(["wait-one", "wait-other"]) == 0
    told = [line for line in capfd.readouterr().out.splitlines() if "so far" in line]
    assert {line.split(":")[0] for line in told} == {"== wait-one", "== wait-other"}


def test_progress_is_told_at_least_every_minute() -> None:
    assert stages.PROGRESS_INTERVAL <= 60


def test_progress_shows_the_end_of_what_was_printed_last(folder: Path) -> None:
    stage = stages.Stage("check", folder / "artifacts")
    stage.process.wait()
    (folder / "artifacts" / "check.log").write_bytes(b"first\n" + b"." * 100 + b" [ 34%]\xff\n\n")
    assert stage.progress().endswith(" [ 34%]\ufffd")
    assert "first" not in stage.progress()


def test_reports_of_an_earlier_run_are_not_counted(folder: Path) -> None:
    old = folder / "artifacts" / "check-old.xml"
    old.parent.mkdir()
    old.write_text('<testsuite tests="100"/>')
    (folder / "artifacts" / "checker.xml").write_text("not of this stage")
    run = stages.Run(folder / "artifacts")
    run.lanes([stages.Lane(["check"])])
    assert [result.counts for result in run.results] == [stages.Counts(2, 2, 1)]
    assert not old.exists()


def test_an_existing_cluster_needs_nothing_compiled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KODE_TEST_CLUSTER", "existing")
    assert stages.main(["check"]) == 0
    assert not (folder / "artifacts" / "compile.log").exists()


def run_apart(folder: Path, *lanes: str) -> "subprocess.Popen[str]":
    """Start a run in a process of its own, with interrupts ignored as by a shell's background."""
    script = (
        f"import sys; from tools import stages; stages.MAKE = [sys.executable, '-c', {MAKE!r}]\n"
        f"stages.COMPILE = [sys.executable, '-c', {COMPILE!r}]\n"
        f"sys.exit(stages.main({lanes!r}))"
    )
    return subprocess.Popen(
        ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_run_tells_what_it_has_and_leaves_nothing_running(
    folder: Path, how: signal.Signals
) -> None:
    process = run_apart(folder, "slow,test-local", "check,other,wait-in-vain")
    ran = folder / "ran"
    pids = [folder / name for name in ("compiler", "tests")]
    while not (
        ran.exists()
        and "wait" in ran.read_text()
        and all(path.exists() and path.read_text() for path in pids)
    ):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(how)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == (-how if how == signal.SIGINT else 128 + how)
    # What ran is shown too, with what it said while it cleaned up.
    assert "== slow: output\nthis is slow\ncleaned up\n" in said
    assert "== wait-in-vain: output\nthis is wait-in-vain\n" in said
    names = [line.split()[1] for line in said.splitlines()[-4:]]
    assert names == ["stage", "check", "other", "all"]
    assert said.endswith("INTERRUPTED, 3 not done\n")
    assert "test-local" not in ran.read_text().split()
    for path in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.read_text()), 0)


def test_what_does_not_end_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"
    monkeypatch.setattr(stages, "MAKE", [sys.executable, "-c", f"{deaf} #"])
    monkeypatch.setattr(stages, "_END_TIMEOUT", 0.1)
    monkeypatch.setattr(stages.Stage, "progress", lambda _: sys.exit("interrupted"))
    monkeypatch.setattr(stages, "PROGRESS_INTERVAL", 0.5)
    started: list[stages.Stage] = []
    begin = stages.Stage.__init__

    def note(stage: stages.Stage, name: str, path: Path) -> None:
        begin(stage, name, path)
        started.append(stage)

    monkeypatch.setattr(stages.Stage, "__init__", note)
    with pytest.raises(SystemExit):
        stages.Run(folder / "artifacts").lanes([stages.Lane(["one"]), stages.Lane(["other"])])
    assert [stage.process.returncode for stage in started] == [-signal.SIGKILL] * 2


def test_with_nohup_it_goes_on_and_what_it_starts_hears_of_hang_ups(folder: Path) -> None:
    hangs_up = "import os, signal, time; os.kill(os.getppid(), 1); os.kill(os.getpid(), 1) #"
    script = (
        "import sys; from tools import stages\n"
        f"stages.MAKE = [sys.executable, '-c', {hangs_up!r}]\n"
        f"stages.COMPILE = ['true']; sys.exit(stages.main(['one']))"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"FAILED, exit status -{int(signal.SIGHUP)}" in done.stdout
