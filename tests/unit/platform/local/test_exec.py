"""A command where a Kode runs: its environment, its exit code, its end."""

import asyncio
import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

import kode
from kode.errors import NotReady, PlatformError
from kode.platform.local.exec import ExecContext, load_context, run
from kode.platform.local.shim import procfs
from kode.platform.local.shim.record import MAIN, Record
from kode.platform.port import ExecOptions
from tests.polling import until

WHAT = "Kode team/dev"


@pytest.fixture
def there(tmp_path: Path) -> ExecContext:
    return ExecContext({"PATH": os.defpath, "HOME": str(tmp_path), "MINE": "yes"}, tmp_path)


@pytest.fixture
def running() -> Iterator[int]:
    child = subprocess.Popen(["sleep", "600"])
    yield child.pid
    child.kill()
    child.wait()


def written(run: Path, pid: int, phase: str = MAIN) -> None:
    folder = run / "dev-1"
    folder.mkdir(parents=True)
    record = Record("digest", 0)
    row = procfs.row(pid)
    record.pid, record.start, record.phase = pid, row.start if row else 0, phase
    record.save(str(folder))
    environment = {"argv": ["x"], "env": {"A": "b"}, "cwd": str(run)}
    (folder / "environment.json").write_text(json.dumps(environment))


def test_what_runs_can_be_entered(tmp_path: Path, running: int) -> None:
    written(tmp_path, running)
    found = load_context(tmp_path, "dev-1", WHAT)
    assert found.cwd == tmp_path
    assert found.env == {"A": "b", "KODE_INSTANCE": "dev-1"}
    assert "b" not in repr(found).replace(str(tmp_path), "")


def test_what_does_not_run_says_what_to_do(tmp_path: Path, running: int) -> None:
    with pytest.raises(NotReady, match="kode describe dev"):
        load_context(tmp_path, "dev-1", WHAT)
    written(tmp_path, running, "ended")
    with pytest.raises(NotReady, match=f"{WHAT} is not running"):
        load_context(tmp_path, "dev-1", WHAT)


def test_a_record_of_what_has_ended_counts_for_nothing(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    written(tmp_path, ended.pid)
    with pytest.raises(NotReady):
        load_context(tmp_path, "dev-1", WHAT)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -9 $$"], 137),
        (["there-is-no-such-program"], 127),
        (["/there/is/no/such/program"], 127),
        (["/etc/passwd"], 126),
        (["sh", "-c", 'test "$MINE $(pwd)" = "yes $HOME" && test -z "$SECRET_OF_MINE"'], 0),
    ],
)
async def test_its_exit_code_is_told(
    there: ExecContext, monkeypatch: pytest.MonkeyPatch, argv: list[str], code: int
) -> None:
    monkeypatch.setenv("SECRET_OF_MINE", "x")
    assert await run(there, ExecOptions(argv)) == code


async def test_no_command_is_a_login_shell(there: ExecContext) -> None:
    (there.cwd / ".profile").write_text("exit 9\n")
    env = {**there.env, "SHELL": "/bin/sh"}
    assert await run(ExecContext(env, there.cwd), ExecOptions()) == 9


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "fish"])
def test_a_login_shell_finds_the_kodes_own_commands(there: ExecContext, shell: str) -> None:
    program = shutil.which(shell)
    if not program:
        pytest.skip(f"there is no {shell}")
    folder = there.cwd / "own 'bin"
    folder.mkdir()
    (folder / "mine").write_text(f"#!/bin/sh\ntouch {shlex.quote(str(there.cwd / 'ran'))}\n")
    (folder / "mine").chmod(0o700)
    # As Debian's /etc/profile does.
    (there.cwd / ".profile").write_text("PATH=/usr/bin:/bin\n")
    env = {**there.env, "SHELL": program, "PATH": f"{folder}:/opt/of the kode:{os.defpath}"}
    place = ExecContext(env, there.cwd, bin=str(folder))
    argv = place.argv(ExecOptions(), env)
    words = "mine; echo $PATH\n"
    found = subprocess.run(
        argv, env=env, cwd=there.cwd, input=words, capture_output=True, text=True, check=True
    )
    assert (there.cwd / "ran").exists(), found.stderr
    assert "/opt/of the kode" in found.stdout


async def test_a_folder_that_is_gone_is_told(there: ExecContext) -> None:
    gone = ExecContext(there.env, there.cwd / "gone")
    with pytest.raises(PlatformError, match="gone is not there"):
        await run(gone, ExecOptions(["/bin/true"]))


async def test_it_ends_with_who_asked(there: ExecContext) -> None:
    script = "import os,time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    task = asyncio.create_task(run(there, ExecOptions([sys.executable, "-c", script])))
    file = there.cwd / "pid"

    def pid() -> str:
        return file.read_text() if file.exists() else ""

    for _ in range(1200):
        if pid():
            break
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert procfs.row(int(pid())) is None


# What a careless script leaves: below it, in a session of its own, without its environment.
SLEEPERS = """
import os, subprocess, sys, time
subprocess.Popen(["sleep", "600"])
subprocess.Popen(["sleep", "600"], start_new_session=True)
subprocess.Popen(["sh", "-c", "trap '' TERM HUP; while :; do sleep 1; done"], env={})
subprocess.run(["sh", "-c", "setsid sleep 600 & exit"])
open("ready", "w").close()
time.sleep(600)
"""
TOOL = """
import asyncio, os, sys
from pathlib import Path
from kode.platform.local.exec import ExecContext, run
from kode.platform.port import ExecOptions
place = ExecContext({"PATH": os.defpath, "KODE_INSTANCE": sys.argv[1]}, Path(sys.argv[1]))
sys.exit(asyncio.run(run(place, ExecOptions(sys.argv[2:]))))
"""


def started_in(folder: Path) -> list[int]:
    """Return the pids of what runs in a folder."""
    found = []
    for row in procfs.rows():
        with contextlib.suppress(OSError):
            if not row.ended and Path(f"/proc/{row.pid}/cwd").readlink() == folder:
                found.append(row.pid)
    return found


ENDINGS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL)


@dataclass(frozen=True)
class Ended:
    """How a tool ended that ran SLEEPERS in a folder."""

    code: int
    left: list[int]
    """What still ran at that moment."""
    folder: Path


def ended_by(number: signal.Signals, folder: Path) -> Ended:
    """Start a tool, end it by a signal and return its end."""
    argv = [sys.executable, "-c", TOOL, str(folder), sys.executable, "-c", SLEEPERS]
    environment = {**os.environ, "PYTHONPATH": str(Path(kode.__file__).parent.parent)}
    with subprocess.Popen(argv, env=environment, stderr=subprocess.DEVNULL) as tool:
        until((folder / "ready").exists, lambda: "it does not start")
        assert len(started_in(folder)) >= 6
        tool.send_signal(number)
        return Ended(tool.wait(60), started_in(folder), folder)


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[signal.Signals, Ended]:
    """End a tool by each signal; all at once, because the grace of each takes seconds."""
    folders = [tmp_path_factory.mktemp(number.name) for number in ENDINGS]
    with ThreadPoolExecutor(len(ENDINGS)) as pool:
        return dict(zip(ENDINGS, pool.map(ended_by, ENDINGS, folders), strict=True))


@pytest.mark.parametrize("number", ENDINGS)
def test_all_that_was_started_ends_with_the_tool(
    ends: dict[signal.Signals, Ended], number: signal.Signals
) -> None:
    end = ends[number]
    if number in (signal.SIGTERM, signal.SIGHUP):
        # The tool ends after what it started.
        assert end.code == 128 + number
        assert end.left == []
    until(lambda: started_in(end.folder) == [], lambda: str(started_in(end.folder)))


async def test_what_a_command_leaves_when_it_ends_by_itself_goes_on(there: ExecContext) -> None:
    script = "sleep 600 >/dev/null 2>&1 & echo $! >pid"
    assert await run(there, ExecOptions(["sh", "-c", script])) == 0
    pid = int((there.cwd / "pid").read_text())
    assert procfs.row(pid) is not None
    os.kill(pid, signal.SIGKILL)


async def test_a_command_gets_its_variables_and_no_others(there: ExecContext) -> None:
    plain = ExecContext({**there.env, "LANG": "C"}, there.cwd)
    await run(plain, ExecOptions(["sh", "-c", "env >it"]))
    names = {line.partition("=")[0] for line in (there.cwd / "it").read_text().splitlines()}
    assert names - {"PWD", "SHLVL", "_"} == {*plain.env, "KODE_EXEC"}


async def test_a_command_gets_signals_as_they_were(there: ExecContext) -> None:
    await run(there, ExecOptions(["sh", "-c", 'grep -E "Sig(Ign|Blk)" /proc/self/status >it']))
    masks = [int(line.split()[1], 16) for line in (there.cwd / "it").read_text().splitlines()]
    # Those of the C library itself (32 and 33) may come down from whatever started the tests.
    assert [mask & ~(3 << 31) for mask in masks] == [0, 0]


async def test_a_terminal_is_told_of_and_ctrl_c_is_left_to_the_command(
    there: ExecContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-odd")
    # The parent gets the same signal as the command, as from a terminal.
    script = 'test "$TERM" = xterm-odd && kill -INT $PPID && sleep 0.2 && exit 5'
    assert await run(there, ExecOptions(["sh", "-c", script], terminal=True)) == 5
    assert await run(there, ExecOptions(["sh", "-c", 'test -z "$TERM"'])) == 0


def test_commands_in_a_container_go_through_podman() -> None:
    place = ExecContext({}, Path("/"), ("podman", "exec", "--user=7:8", "box"))
    assert place.argv(ExecOptions(("ls", "-l")), {}) == [
        "podman",
        "exec",
        "--user=7:8",
        "box",
        "ls",
        "-l",
    ]
    shell = place.argv(ExecOptions((), terminal=True), {"TERM": "xterm"})
    assert shell[:6] == ["podman", "exec", "--tty", "--env=TERM", "--user=7:8", "box"]
    assert shell[6] == "sh"
    # By it those are found that podman's end would leave in the container.
    assert place.argv(ExecOptions(("ls",)), {"KODE_EXEC": "x"})[2] == "--env=KODE_EXEC"
