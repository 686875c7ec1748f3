"""The shim: what a program gets from it, and what becomes of what the program prints."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kode.platform.local.program import Command, ProgramPhase
from kode.platform.local.shim import record
from kode.platform.local.shim.log_file import LogFile
from kode.platform.local.shim.record import Record
from tests.local.programs import Machine, environment, machine, reach
from tests.polling import until_async


@pytest.fixture
def place() -> Iterator[Machine]:
    with machine() as made:
        yield made


@pytest.fixture
def small(place: Machine) -> Iterator[Path]:
    """A file system of 256 KiB in the machine's folder."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts")
    folder = place.folder / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Use up all that is free on a file system."""
    argv = ["dd", "if=/dev/zero", f"of={folder / 'filler'}", "bs=4k"]
    subprocess.run(argv, check=False, capture_output=True)


async def test_the_environment_is_what_was_given_and_the_instance(place: Machine) -> None:
    given = {"PATH": os.environ["PATH"], "ODD": 'a\nb = "c"', "EMPTY": "", "SMÖRGÅS": "bord"}
    step = Command("main", ("env", "-0"), given, place.folder)
    program = place.program("dev", step)
    supervisor = place.supervisor()
    await supervisor.run(program)
    await reach(supervisor, "dev", ProgramPhase.BACKOFF)
    assert environment(place.text(program)) == {**given, "KODE_INSTANCE": program.instance}
    await supervisor.close(leave_running=False)


async def test_nothing_of_ours_reaches_a_program(place: Machine) -> None:
    script = (
        "ls /proc/self/fd | tr '\\n' ' '; echo; readlink /proc/self/fd/0; umask; pwd; "
        "sed -En '/^Sig(Blk|Ign|Cgt)/p' /proc/self/status"
    )
    read, write = os.pipe()
    os.set_inheritable(write, True)
    supervisor = place.supervisor()
    program = place.program("dev", place.shell(script))
    await supervisor.run(program)
    await reach(supervisor, "dev", ProgramPhase.BACKOFF)
    lines = place.text(program).splitlines()
    assert lines[:4] == ["0 1 2 3 ", "/dev/null", "0022", str(place.folder)]
    # The two that the C library keeps for itself (32, 33) are not ours to set.
    masks = [int(line.split()[1], 16) & 0x7FFFFFFF for line in lines[4:]]
    assert masks == [0, 0, 0]
    await supervisor.close(leave_running=False)
    os.close(read)
    os.close(write)


async def test_a_long_log_is_rotated_between_lines(place: Machine) -> None:
    line = "x" * 1000
    count = 40_000
    script = f"i=0; while [ $i -lt {count} ]; do echo $i {line}; i=$((i+1)); done; exec sleep 1000"
    program = place.program("dev", place.shell(script))
    supervisor = place.supervisor()
    await supervisor.run(program)
    end = f"{count - 1} {line}\n"
    await until_async(lambda: place.text(program).endswith(end), "the last line")
    files = sorted(program.log.parent.iterdir(), key=lambda path: path.name)
    assert [file.name for file in files] == ["log", "log.1", "log.2", "log.3"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert all(file.stat().st_size < 6 * 1024 * 1024 for file in files)
    text = "".join(file.read_text() for file in [*reversed(files[1:]), files[0]])
    first = int(text.split(maxsplit=1)[0])
    assert text == "".join(f"{number} {line}\n" for number in range(first, count))
    await supervisor.close(leave_running=False)


async def test_a_vanished_log_folder_comes_back(place: Machine) -> None:
    script = "while :; do echo tick; sleep 0.1; done"
    program = place.program("dev", place.shell(script))
    supervisor = place.supervisor()
    await supervisor.run(program)
    await until_async(lambda: "tick" in place.text(program), "a log")
    pid = (await reach(supervisor, "dev", ProgramPhase.RUNNING)).pid
    shutil.rmtree(place.paths.logs)
    await until_async(lambda: "tick" in place.text(program), "a new log")
    state = supervisor.state("dev")
    assert state is not None
    assert (state.phase, state.pid) == (ProgramPhase.RUNNING, pid)
    await supervisor.close(leave_running=False)


async def test_a_full_disk_costs_lines_and_nothing_else(place: Machine, small: Path) -> None:
    script = (
        "i=0; while [ ! -e stop ]; do i=$((i+1)); echo $i $LONG; sleep 0.01; done; "
        "echo after; touch said; exec sleep 1000"
    )
    program = place.program("dev", place.shell(script, LONG="x" * 1000))
    program = replace(program, log=small / "logs" / "log")
    supervisor = place.supervisor()
    await supervisor.run(program)
    await until_async(lambda: "1" in place.text(program), "a log")
    pid = (await reach(supervisor, "dev", ProgramPhase.RUNNING)).pid
    fill(small)
    await until_async(
        lambda: (s := supervisor.state("dev")) and "log loses lines" in s.message, "words"
    )
    state = supervisor.state("dev")
    assert state is not None
    assert (state.phase, state.pid) == (ProgramPhase.RUNNING, pid)
    assert state.message == "the log loses lines: No space left on device"
    (small / "filler").unlink()
    (place.folder / "stop").touch()
    await until_async(lambda: "after" in place.text(program), "words after room came back")
    assert "bytes of output are lost: No space left on device]" in place.text(program)
    await until_async(lambda: (s := supervisor.state("dev")) and not s.message, "no more words")
    await supervisor.close(leave_running=False)


async def test_a_disk_that_is_full_from_the_start_is_told(place: Machine, small: Path) -> None:
    place.paths = type(place.paths)(small / "root", small / "cache")
    fill(small)
    supervisor = place.supervisor()
    await supervisor.run(place.web("dev"))
    state = await reach(supervisor, "dev", ProgramPhase.BACKOFF)
    assert "No space left on device" in state.message
    (small / "filler").unlink()
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    await supervisor.close(leave_running=False)


async def test_an_end_is_seen_on_a_full_disk(place: Machine, small: Path) -> None:
    place.paths = type(place.paths)(small / "root", small / "cache")
    script = "touch up; while [ ! -e stop ]; do sleep 0.05; done; echo alas; exit 9"
    supervisor = place.supervisor()
    await supervisor.run(place.program("dev", place.shell(script)))
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    fill(small)
    (place.folder / "stop").touch()
    await until_async(lambda: (s := supervisor.state("dev")) and s.exit_code == 9, "the code")
    state = supervisor.state("dev")
    assert state is not None
    await supervisor.close(leave_running=False)


def test_a_log_takes_what_has_no_lines(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "a" / "log"), max_bytes=1000)
    for _ in range(100):
        log.write(b"x" * 300)
    sizes = [path.stat().st_size for path in (tmp_path / "a").iterdir()]
    assert len(sizes) == 4
    assert max(sizes) <= 2300


def test_a_log_does_not_follow_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / "log").symlink_to(target)
    log = LogFile(str(tmp_path / "log"))
    log.write(b"words\n")
    assert log.trouble
    assert target.read_text() == "precious"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (b"", ""),
        (b"\n \n", ""),
        (b"a\r\nb\x1b[1;31mc\x1b[0m\n", "a\nbc"),
        (b"10%\r20%\rdone", "10%\n20%\ndone"),
        (b"\x1b]0;title\x07text\x00\x08", "text"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("\n".join(map(str, range(30))).encode(), "\n".join(map(str, range(20, 30)))),
    ],
)
def test_words_are_what_a_person_can_read(output: bytes, words: str) -> None:
    assert record.last_lines(output) == words


def test_words_are_few() -> None:
    assert len(record.last_lines(b"x" * 5000)) == 500


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    made = Record("digest", 3)
    made.words = "x\U0001f600" * 250
    assert made.save(str(tmp_path))
    read = Record.load(str(tmp_path))
    assert read is not None
    assert vars(read) == vars(made)
    assert stat.S_IMODE((tmp_path / "record.json").stat().st_mode) == 0o600


def test_the_shim_imports_little() -> None:
    """What it imports stays in memory beside every editor."""
    code = "import sys, kode.platform.local.shim.shim; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(record.__file__).parents[4])},
    ).stdout.split()
    heavy = {"asyncio", "dataclasses", "inspect", "logging", "pathlib", "subprocess", "typing"}
    assert heavy & set(loaded) == set()
