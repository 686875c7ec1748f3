"""A supervisor with real programs: how they start, what is said of them, how they end."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kode.platform.local.program import Command, Probe, ProgramPhase
from kode.platform.local.shim import procfs
from kode.platform.local.supervisor import probe
from kode.platform.local.supervisor.probe_state import ProbeState
from kode.platform.local.supervisor.timings import Timings
from tests.local.programs import QUICK, Machine, machine, reach
from tests.polling import until_async


@pytest.fixture
def place() -> Iterator[Machine]:
    with machine() as made:
        yield made


async def test_a_program_starts_answers_and_ends_without_a_trace(place: Machine) -> None:
    supervisor, program = place.supervisor(), place.web("dev")
    await supervisor.recover()
    await supervisor.run(program)
    assert supervisor.keys() == ("dev",)
    state = await reach(supervisor, "dev", ProgramPhase.RUNNING)
    assert (state.step, state.digest, state.restarts) == ("editor", program.digest, 0)
    assert state.pid == place.starts("dev")[0]
    await until_async(lambda: place.text(program) == "serving\n", "its words in the log")
    await supervisor.stop("dev")
    assert place.processes(program) == []
    assert supervisor.state("dev") is None
    assert supervisor.keys() == ()
    assert list(place.paths.run.iterdir()) == []
    assert set(place.seen) == {"dev"}
    await supervisor.close(leave_running=False)


async def test_what_is_wanted_twice_starts_once(place: Machine) -> None:
    supervisor = place.supervisor()
    for _ in range(5):
        await supervisor.run(place.web("dev"))
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    for _ in range(5):
        await supervisor.run(place.web("dev"))
    await asyncio.sleep(0.5)
    assert len(place.starts("dev")) == 1
    await supervisor.close(leave_running=False)


async def test_a_changed_program_is_run_anew_and_never_beside_the_old_one(place: Machine) -> None:
    supervisor = place.supervisor()

    async def turned(turn: int) -> None:
        await until_async(lambda: len(place.starts("dev")) > turn, f"turn {turn}")

    for turn in range(5):
        program = place.web("dev", grace=5.0 + turn)
        await supervisor.run(program)
        await turned(turn)
        state = await reach(supervisor, "dev", ProgramPhase.RUNNING)
        assert state.digest == program.digest
    assert len(place.starts("dev")) == 5
    assert place.alone()
    await supervisor.close(leave_running=False)


async def test_a_program_that_is_wanted_again_while_it_ends_comes_back(place: Machine) -> None:
    supervisor, program = place.supervisor(), place.web("dev")
    await supervisor.run(program)
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    ends = [asyncio.create_task(supervisor.stop("dev")) for _ in range(3)]
    await asyncio.sleep(0)
    await supervisor.run(program)
    await asyncio.gather(*ends)
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    assert len(place.starts("dev")) == 2
    assert place.alone()
    await supervisor.stop("dev")
    await supervisor.stop("dev")
    assert place.processes(program) == []


async def test_a_change_that_is_taken_back_before_anything_ended_restarts_nothing(
    place: Machine,
) -> None:
    supervisor, program = place.supervisor(), place.web("dev")
    await supervisor.run(program)
    before = await reach(supervisor, "dev", ProgramPhase.RUNNING)
    await supervisor.run(place.web("dev", grace=6.0))
    await supervisor.run(program)
    await asyncio.sleep(0.5)
    assert supervisor.state("dev") == before
    assert len(place.starts("dev")) == 1
    await supervisor.close(leave_running=False)


async def test_a_program_that_ends_is_started_again_after_growing_waits(place: Machine) -> None:
    supervisor = place.supervisor(Timings(first=0.1, longest=0.4, startup_interval=0.02))
    main = place.shell("echo hopeless; printf '\\033[31mred\\033[0m\\n' >&2; exit 3")
    await supervisor.run(place.program("dev", main))
    state = await reach(supervisor, "dev", ProgramPhase.BACKOFF)
    assert (state.exit_code, state.message, state.pid) == (3, "hopeless\nred", None)
    assert state.retry_at is not None
    await until_async(lambda: (s := supervisor.state("dev")) and s.restarts >= 3, "three restarts")
    await supervisor.close(leave_running=False)
    pace = Timings()
    assert [pace.wait(n) for n in (1, 2, 3, 6, 7, 1000)] == [1, 2, 4, 32, 60, 60]


@pytest.mark.parametrize(
    ("argv", "cwd", "words"),
    [
        (("surely-absent",), ".", "program surely-absent not found on PATH"),
        (("/surely/absent",), ".", "program /surely/absent not found"),
        (("sh",), "absent", "cannot start sh in the folder {place}/absent: No such file"),
        (("{place}/script",), ".", "its interpreter does not exist"),
        (("{place}/data",), ".", "cannot start {place}/data: Permission denied"),
    ],
)
async def test_a_command_that_cannot_start_is_told_in_words(
    place: Machine, argv: tuple[str, ...], cwd: str, words: str
) -> None:
    script = place.folder / "script"
    script.write_text("#!/surely/absent\n")
    script.chmod(0o700)
    (place.folder / "data").write_text("no program")
    command = tuple(word.format(place=place.folder) for word in argv)
    supervisor = place.supervisor()
    await supervisor.run(
        place.program("dev", Command("editor", command, place.env, place.folder / cwd))
    )
    state = await reach(supervisor, "dev", ProgramPhase.BACKOFF)
    assert words.format(place=place.folder) in state.message
    assert state.step == "editor"
    await supervisor.close(leave_running=False)


async def test_steps_run_in_order_and_leave_nothing_running(place: Machine) -> None:
    supervisor = place.supervisor()
    steps = (
        place.shell("echo one; sleep 1000 & echo $! > child", "one"),
        place.shell("echo two; kill -0 $(cat child) 2>/dev/null && echo leftover", "two"),
        place.shell("echo three", "three"),
    )
    # The second step's last command fails where nothing is left over, which is as it should be.
    steps = (steps[0], place.shell(f"{steps[1].argv[2]}; true", "two"), steps[2])
    program = place.program("dev", place.shell("echo main; exec sleep 1000"), steps=steps)
    await supervisor.run(program)
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    await until_async(lambda: "main" in place.text(program), "main's words")
    assert place.text(program).split() == ["one", "two", "three", "main"]
    await supervisor.close(leave_running=False)


async def test_a_step_that_fails_keeps_main_from_starting(place: Machine) -> None:
    supervisor = place.supervisor()
    steps = (place.shell("true", "one"), place.shell("echo refused >&2; exit 7", "plugin-tools"))
    program = place.program("dev", place.shell("echo main"), steps=steps)
    await supervisor.run(program)
    state = await reach(supervisor, "dev", ProgramPhase.BACKOFF)
    assert (state.step, state.exit_code, state.message) == ("plugin-tools", 7, "refused")
    assert "main" not in place.text(program)
    await supervisor.close(leave_running=False)


async def test_cleanup_runs_before_a_start_and_after_every_end(place: Machine) -> None:
    supervisor = place.supervisor()
    cleanup = place.shell("echo clean", "cleanup")
    program = place.program("dev", place.shell("echo main; exec sleep 1000"), cleanup=cleanup)

    async def lines(count: int) -> list[str]:
        await until_async(lambda: len(place.text(program).split()) >= count, f"{count} lines")
        return place.text(program).split()

    await supervisor.run(program)
    assert await lines(2) == ["clean", "main"]
    await until_async(lambda: (s := supervisor.state("dev")) and s.pid, "its pid")
    state = supervisor.state("dev")
    assert state is not None
    assert state.pid is not None
    os.kill(state.pid, signal.SIGKILL)
    assert await lines(5) == ["clean", "main", "clean", "clean", "main"]
    os.kill(place.shim(program), signal.SIGKILL)
    assert await lines(7) == ["clean", "main", "clean", "clean", "main", "clean", "main"]
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    await supervisor.stop("dev")
    assert place.text(program).split()[7:] == ["clean"]


async def test_cleanup_runs_even_where_nothing_is_started_any_more(place: Machine) -> None:
    supervisor = place.supervisor(Timings(first=60, startup_interval=0.02))
    cleanup = place.shell("echo clean", "cleanup")
    program = place.program("dev", place.shell("echo main; exec sleep 1000"), cleanup=cleanup)
    await supervisor.run(program)
    await until_async(lambda: "main" in place.text(program), "main's words")
    os.kill(place.shim(program), signal.SIGKILL)
    await reach(supervisor, "dev", ProgramPhase.BACKOFF)
    await supervisor.stop("dev")
    assert place.text(program).split() == ["clean", "main", "clean"]


async def test_nothing_is_cleaned_up_after_what_never_started(place: Machine) -> None:
    supervisor = place.supervisor()
    cleanup = place.shell("echo clean", "cleanup")
    program = place.program("dev", place.shell("exec sleep 1000"), cleanup=cleanup)
    await supervisor.run(program)
    await supervisor.stop("dev")
    assert not program.log.exists()
    assert supervisor.keys() == ()


async def test_an_end_takes_everything_with_it(place: Machine) -> None:
    """Background, own session, no terminal, no environment, deaf: whatever main started."""
    supervisor = place.supervisor()
    script = """
        trap '' TERM HUP
        nohup sleep 1000 & echo $! >> pids
        setsid sh -c 'trap "" TERM; echo $$ >> pids; sleep 1000' &
        setsid env -i /bin/sh -c 'echo $$ >> pids; exec sleep 1000' &
        (setsid sh -c 'setsid sh -c "echo \\$\\$ >> pids; exec sleep 1000" & exit' & exit)
        echo $$ >> pids
        while :; do sleep 0.1; done
    """
    program = place.program("dev", place.shell(script), grace=0.5)
    await supervisor.run(program)
    pids = place.folder / "pids"
    await until_async(
        lambda: pids.exists() and len(pids.read_text().split()) == 5, "five processes"
    )
    await supervisor.stop("dev")
    assert [pid for pid in pids.read_text().split() if procfs.row(int(pid))] == []


async def test_a_program_asked_to_end_may_take_its_time(place: Machine) -> None:
    supervisor = place.supervisor()
    script = "trap 'sleep 0.5; echo saved; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    program = place.program("dev", place.shell(script), grace=30.0)
    await supervisor.run(program)
    await until_async(lambda: "up" in place.text(program), "main's words")
    await supervisor.stop("dev")
    assert place.text(program).split() == ["up", "Terminated", "saved"]


async def test_a_sick_program_is_told_and_runs_on(place: Machine) -> None:
    supervisor = place.supervisor()
    await supervisor.run(place.web("dev"))
    pid = (await reach(supervisor, "dev", ProgramPhase.RUNNING)).pid
    sick = place.folder / "dev.sick"
    sick.touch()
    state = await reach(supervisor, "dev", ProgramPhase.UNHEALTHY)
    assert (state.pid, state.message) == (pid, "the answer is 500")
    sick.unlink()
    state = await reach(supervisor, "dev", ProgramPhase.RUNNING)
    assert (state.pid, state.message, state.restarts) == (pid, "", 0)
    await supervisor.close(leave_running=False)


async def test_one_that_hangs_is_asked_no_more_rarely_for_it(
    place: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = place.supervisor()
    program = place.web("dev")
    await supervisor.run(program)
    pid = (await reach(supervisor, "dev", ProgramPhase.RUNNING)).pid
    assert pid is not None
    monkeypatch.setattr(probe, "_SECONDS", 0.3)
    pulse = ProbeState(program.health, Timings(interval=0.2))
    await pulse.probe()
    assert pulse.phase is ProgramPhase.RUNNING
    os.kill(pid, signal.SIGSTOP)
    await pulse.probe()
    assert pulse.message == "no answer to GET / within 0 s"
    assert pulse.pause == 0.0
    os.kill(pid, signal.SIGCONT)
    await supervisor.close(leave_running=False)


async def test_a_start_that_takes_too_long_is_a_failure(place: Machine) -> None:
    supervisor = place.supervisor(QUICK)
    never = Probe("/", socket=place.folder / "never.sock", startup_timeout=0.5)
    program = place.program("dev", place.shell("echo thinking; exec sleep 1000"), health=never)
    await supervisor.run(program)
    state = await reach(supervisor, "dev", ProgramPhase.BACKOFF)
    assert state.message.startswith("not ready within 0.5 s: no answer to GET /")
    assert state.message.endswith("thinking")
    await until_async(lambda: (s := supervisor.state("dev")) and s.restarts == 2, "two more tries")
    await supervisor.close(leave_running=False)
    assert place.processes(program) == []


@pytest.mark.parametrize("code", [200, 302, 401])
async def test_a_port_is_as_good_as_a_socket(place: Machine, code: int) -> None:
    server = (
        "import socket, os\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "open('port.new', 'w').write(str(s.getsockname()[1])); os.rename('port.new', 'port')\n"
        "while True:\n"
        "    c = s.accept()[0]; c.recv(4096)\n"
        f"    c.sendall(b'HTTP/1.1 {code} Word\\r\\n\\r\\n'); c.close()\n"
    )
    # The port is known only once something listens, so a first program finds one.
    listening = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    server = server.replace("0)", f"{port})", 1)
    step = Command("main", (sys.executable, "-S", "-c", server), place.env, place.folder)
    supervisor = place.supervisor()
    await supervisor.run(place.program("dev", step, health=Probe("/x", port=port)))
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    await supervisor.close(leave_running=False)


async def test_a_socket_of_an_earlier_life_does_not_stand_in_the_way(place: Machine) -> None:
    supervisor = place.supervisor()
    await supervisor.run(place.web("dev"))
    state = await reach(supervisor, "dev", ProgramPhase.RUNNING)
    assert state.pid is not None
    os.kill(state.pid, signal.SIGKILL)
    await until_async(lambda: len(place.starts("dev")) == 2, "a second start")
    state = await reach(supervisor, "dev", ProgramPhase.RUNNING)
    await until_async(lambda: (s := supervisor.state("dev")) and s.restarts == 1, "the count")
    await supervisor.close(leave_running=False)


async def test_ten_start_at_once(place: Machine) -> None:
    supervisor = place.supervisor()
    programs = [place.web(f"dev{number}") for number in range(10)]
    for program in programs:
        await supervisor.run(program)
    for program in programs:
        state = await reach(supervisor, program.key, ProgramPhase.RUNNING)
        assert state.restarts == 0
    await supervisor.close(leave_running=False)
    assert [place.processes(program) for program in programs] == [[]] * 10


async def test_secrets_are_for_nobody_else(place: Machine) -> None:
    supervisor = place.supervisor()
    program = place.program("dev", place.shell("exec sleep 1000", PASSWORD="hunter2"))
    await supervisor.run(program)
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    folder = place.paths.run / program.instance
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}
    shim = Path(f"/proc/{place.shim(program)}")
    assert b"hunter2" not in (shim / "cmdline").read_bytes() + (shim / "environ").read_bytes()
    await supervisor.close(leave_running=False)
