"""Killed at any point, by anybody: what runs goes on, nothing runs twice, nothing is left.

Rule: a kill here is SIGKILL, which nobody can prepare for.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kode.platform.local.program import Program, ProgramPhase
from kode.platform.local.shim import procfs
from kode.platform.local.supervisor.instance_dir import Folder
from kode.platform.local.supervisor.shim_handle import ShimHandle
from kode.platform.local.supervisor.supervisor import Supervisor
from tests.local.programs import QUICK, Machine, machine, reach
from tests.polling import until_async

_POINTS = 20


@pytest.fixture
def place() -> Iterator[Machine]:
    with machine() as made:
        yield made


def kill(pid: int) -> None:
    """Kill a process that may have gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def alive(pid: int) -> bool:
    """Return whether a process runs; init may take its time to collect one that does not."""
    row = procfs.row(pid)
    return row is not None and not row.ended


def busy(count: int) -> list[subprocess.Popen[bytes]]:
    """Start processes that do nothing but take time."""
    code = "while True: pass"
    return [subprocess.Popen([sys.executable, "-S", "-c", code]) for _ in range(count)]


def kill_at_once(pids: list[int]) -> None:
    """Kill several, with none of them running in between."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


async def started(place: Machine, *keys: str) -> tuple[subprocess.Popen[str], list[Program]]:
    """Start a supervisor of its own, and wait until its programs run."""
    programs = [place.web(key) for key in keys]
    keeper = place.run(place.mark, *keys)
    assert keeper.stdout is not None
    running: set[str] = set()
    while running != set(keys):
        line = await asyncio.to_thread(keeper.stdout.readline)
        assert line, "the supervisor ended"
        key, phase = line.split()
        if phase == ProgramPhase.RUNNING:
            running.add(key)
    return keeper, programs


async def successor(place: Machine) -> Supervisor:
    supervisor = place.supervisor(QUICK)
    await supervisor.recover()
    return supervisor


async def over(place: Machine, supervisor: Supervisor, programs: list[Program]) -> None:
    """Stop everything, and see that nothing is left and nothing ran twice."""
    await supervisor.close(leave_running=False)
    assert [place.processes(program) for program in programs] == [[] for _ in programs]
    assert place.alone()
    assert list(place.paths.run.iterdir()) == []


async def test_programs_outlive_their_supervisor_and_find_the_next(place: Machine) -> None:
    keeper, (program,) = await started(place, "dev")
    keeper.kill()
    keeper.wait()
    assert procfs.row(place.starts("dev")[0])
    supervisor = await successor(place)
    assert supervisor.keys() == ("dev",)
    state = await reach(supervisor, "dev", ProgramPhase.RUNNING)
    assert (state.pid, state.digest) == (place.starts("dev")[0], program.digest)
    await supervisor.run(program)
    await asyncio.sleep(0.5)
    assert len(place.starts("dev")) == 1
    await over(place, supervisor, [program])


async def test_what_was_found_running_is_kept_as_well_as_what_was_started(place: Machine) -> None:
    keeper, (program,) = await started(place, "dev")
    keeper.kill()
    keeper.wait()
    supervisor = await successor(place)
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    kill(place.starts("dev")[0])
    await until_async(lambda: len(place.starts("dev")) == 2, "a second start")
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    await supervisor.run(place.web("dev", grace=7.0))
    await until_async(lambda: len(place.starts("dev")) == 3, "a third start")
    await over(place, supervisor, [program])


async def test_a_supervisor_that_leaves_is_followed_by_another(place: Machine) -> None:
    program = place.web("dev")
    for _ in range(3):
        supervisor = await successor(place)
        await supervisor.run(program)
        state = await reach(supervisor, "dev", ProgramPhase.RUNNING)
        await supervisor.close(leave_running=True)
        assert [state.pid] == place.starts("dev")
    await over(place, await successor(place), [program])


async def test_a_killed_shim_takes_main_and_all_others_with_it(place: Machine) -> None:
    supervisor = place.supervisor()
    script = "setsid nohup sleep 1000 & echo $! >> pids; echo $$ >> pids; exec sleep 1000"
    program = place.program("dev", place.shell(script))
    pids = place.folder / "pids"
    await supervisor.run(program)
    await until_async(lambda: pids.exists() and len(pids.read_text().split()) == 2, "two processes")
    first = [int(pid) for pid in pids.read_text().split()]
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    kill(place.shim(program))
    await until_async(lambda: len(pids.read_text().split()) == 4, "two more")
    assert [pid for pid in first if alive(pid)] == []
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    await supervisor.stop("dev")
    assert place.processes(program) == []


async def test_a_killed_shim_takes_those_without_an_environment_with_it(place: Machine) -> None:
    supervisor = place.supervisor()
    script = "env -i sleep 1000 & echo $! >> pids; exec sleep 1000"
    program = place.program("dev", place.shell(script))
    pids = place.folder / "pids"
    await supervisor.run(program)
    await until_async(pids.exists, "a process")
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    kill(place.shim(program))
    await until_async(lambda: len(pids.read_text().split()) == 2, "another")
    assert not alive(int(pids.read_text().split()[0]))
    await supervisor.close(leave_running=False)


async def test_what_somebody_stopped_is_ended_all_the_same(place: Machine) -> None:
    supervisor = place.supervisor()
    program = place.web("dev", grace=1.0)
    await supervisor.run(program)
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    for pid in place.processes(program):
        os.kill(pid, signal.SIGSTOP)
    await supervisor.stop("dev")
    assert place.processes(program) == []


async def test_what_starts_more_and_more_is_ended_as_well(place: Machine) -> None:
    supervisor = place.supervisor()
    script = "trap '' TERM; touch up; while :; do setsid env -i /bin/sleep 1000 & sleep 0.02; done"
    program = place.program("dev", place.shell(script), grace=0.5)
    await supervisor.run(program)
    await until_async((place.folder / "up").exists, "main")
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    shim = place.shim(program)
    await until_async(lambda: len(procfs.descendants(shim, procfs.rows())) > 20, "many processes")
    found = procfs.descendants(shim, procfs.rows())
    await supervisor.stop("dev")
    assert [each.pid for each in found if alive(each.pid)] == []


async def test_a_second_shim_of_an_instance_ends_at_once(place: Machine) -> None:
    supervisor = place.supervisor()
    program = place.web("dev")
    await supervisor.run(program)
    state = await reach(supervisor, "dev", ProgramPhase.RUNNING)
    second = ShimHandle.start(Folder(place.paths.run / program.instance), "another", lambda: None)
    assert await second.wait(60.0)
    errors = (place.paths.run / program.instance / "shim.err").read_text()
    assert errors == "another shim runs this instance\n"
    assert supervisor.state("dev") == state
    assert place.alone()
    await supervisor.close(leave_running=False)


async def test_a_supervisor_killed_during_a_step_is_followed_by_one_that_waits(
    place: Machine,
) -> None:
    step = place.shell("touch begun; while [ ! -e go ]; do sleep 0.05; done; echo stepped", "slow")
    program = place.web("dev", steps=(step,))
    supervisor = place.supervisor()
    await supervisor.run(program)
    await until_async((place.folder / "begun").exists, "the step")
    await supervisor.close(leave_running=True)
    supervisor = await successor(place)
    await supervisor.run(program)
    await until_async(
        lambda: (s := supervisor.state("dev")) and s.step == "slow", "the step's name"
    )
    (place.folder / "go").touch()
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    assert place.text(program) == "stepped\nserving\n"
    await over(place, supervisor, [program])


@pytest.mark.parametrize("who", ["shim", "main", "keeper shim", "keeper main", "keeper shim main"])
async def test_whoever_is_killed_all_runs_again(place: Machine, who: str) -> None:
    keeper, (program,) = await started(place, "dev")
    pids = {"keeper": keeper.pid, "shim": place.shim(program), "main": place.starts("dev")[0]}
    kill_at_once([pids[name] for name in who.split()])
    if "keeper" in who:
        keeper.wait()
    else:
        await until_async(lambda: len(place.starts("dev")) == 2, "a second start")
        keeper.kill()
        keeper.wait()
    supervisor = await successor(place)
    await supervisor.run(program)
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    assert len(place.starts("dev")) == 2
    await over(place, supervisor, [program])


async def test_leftovers_of_what_nobody_wants_any_more_are_swept(place: Machine) -> None:
    script = "setsid nohup sleep 1000 & touch ready; exec sleep 1000"
    cleanup = place.shell("echo clean", "cleanup")
    program = place.program("dev", place.shell(script), cleanup=cleanup)
    supervisor = place.supervisor()
    await supervisor.run(program)
    await until_async((place.folder / "ready").exists, "main")
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    await supervisor.close(leave_running=True)
    shim = place.shim(program)
    kill(shim)
    await until_async(lambda: not alive(shim), "its end")
    supervisor = await successor(place)
    assert supervisor.keys() == ()
    assert place.processes(program) == []
    assert place.text(program).split() == ["clean", "clean"]
    assert list(place.paths.run.iterdir()) == []


@pytest.mark.parametrize("change", [{"start": 1}, {"boot": "another"}, {"pid": 1}, {"version": 99}])
async def test_a_record_that_tells_of_something_else_harms_nobody(
    place: Machine, change: dict[str, object]
) -> None:
    (stranger,) = busy(1)
    try:
        own = procfs.row(stranger.pid)
        assert own is not None
        program = place.web("dev")
        supervisor = place.supervisor()
        await supervisor.run(program)
        await reach(supervisor, "dev", ProgramPhase.RUNNING)
        await supervisor.close(leave_running=True)
        path = place.paths.run / program.instance / "record.json"
        record = json.loads(path.read_text())
        path.write_text(json.dumps({**record, "pid": stranger.pid, "main_pid": own.pid, **change}))
        supervisor = await successor(place)
        assert place.processes(program) == []
        await supervisor.run(program)
        await reach(supervisor, "dev", ProgramPhase.RUNNING)
        assert stranger.poll() is None
        await over(place, supervisor, [program])
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("name", ["spec.json", "record.json"])
async def test_broken_files_are_no_reason_to_leave_something_running(
    place: Machine, name: str
) -> None:
    program = place.web("dev")
    supervisor = place.supervisor()
    await supervisor.run(program)
    await reach(supervisor, "dev", ProgramPhase.RUNNING)
    await supervisor.close(leave_running=True)
    (place.paths.run / program.instance / name).write_text("{")
    supervisor = await successor(place)
    assert place.processes(program) == []
    await over(place, supervisor, [program])


async def test_folders_of_others_are_left_alone(place: Machine) -> None:
    other = place.paths.run / "envoy"
    other.mkdir(parents=True)
    (other / "lock").write_text("resources: []")
    supervisor = await successor(place)
    await supervisor.close(leave_running=False)
    assert (other / "lock").exists()


@pytest.mark.slow
async def test_twenty_kills_at_random_points_under_load(place: Machine) -> None:
    dice = random.Random(20)  # noqa: S311 - the same points each time
    keys = [f"dev{number}" for number in range(4)]
    programs = [place.web(key) for key in keys]
    load = busy(3)
    try:
        for _ in range(_POINTS):
            keeper = place.run(place.mark, *keys)
            await asyncio.sleep(dice.uniform(0.1, 1.2))
            victims = [keeper.pid]
            for program in programs:
                running = place.processes(program)
                victims += dice.sample(running, dice.randint(0, len(running)))
            kill_at_once(victims)
            keeper.wait()
        supervisor = await successor(place)
        for program in programs:
            await supervisor.run(program)
        for key in keys:
            await reach(supervisor, key, ProgramPhase.RUNNING)
        await over(place, supervisor, programs)
    finally:
        for each in load:
            each.kill()
            each.wait()
