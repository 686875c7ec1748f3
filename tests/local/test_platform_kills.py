"""Killed at any point, with people at work: the platform comes back, and nothing is lost or left.

Rule: a kill here is SIGKILL, which nobody can prepare for; the seed is printed and can be given as
KODE_SEED.
"""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.local.kodes import LOGIN, opened, tiny
from tests.local.load import BROKEN, Load
from tests.local.machine import Machine
from tests.polling import until

pytestmark = pytest.mark.slow

_ROUNDS = 4


@pytest.fixture(scope="module", autouse=True)
def _up(machine: Machine) -> None:
    machine.up("--empty")
    machine.apply(tiny())


def test_twenty_kills_under_load_cost_nothing(machine: Machine) -> None:
    seed = int(os.environ.get("KODE_SEED") or random.SystemRandom().randrange(10**6))
    print(f"KODE_SEED={seed}")
    chance = random.Random(seed)  # noqa: S311
    for name in ("dev", "turned"):
        machine.apply(opened(name))
        served(machine, name)
        (machine.files(name) / "workspace" / "who.txt").write_text(name)
    # Each once a round: a platform that was killed itself counts no ends, and what ends again and
    # again is started ever more rarely, which is shown elsewhere and would only be waited for here.
    victims = [each for _ in range(_ROUNDS) for each in chance.sample(list(VICTIMS), len(VICTIMS))]
    load = Load(machine)
    written = {}
    with load.running(asked="dev", turned="turned"):
        for number, victim in enumerate(victims):
            time.sleep(chance.random() / 2)
            written[f"kept-{number}.txt"] = f"{seed} {victim}"
            for name in ("dev", "turned"):
                workspace = machine.files(name) / "workspace"
                (workspace / f"kept-{number}.txt").write_text(f"{seed} {victim}")
            print(number, victim, flush=True)
            kill(VICTIMS[victim](machine))
            if victim in ("platform", "everything"):
                machine.up()
            served(machine, "dev", f"/kept-{number}.txt", f"{seed} {victim}")
    assert load.wrong == []
    assert load.answers > len(victims)
    assert load.kept
    told = machine.kode("list", "-o", "name").split()
    # A command that was killed may have made one and told nobody.
    assert {f"kode/{name}" for name in ("dev", "turned", *load.kept)} <= set(told), told
    machine.kode("start", "turned", "--wait")
    for name in ("dev", "turned"):
        workspace = machine.files(name) / "workspace"
        assert {path: (workspace / path).read_text() for path in written} == written
        assert not (workspace / "doubles").exists()
    machine.kode("down")
    nothing_is_left(machine)


def test_the_platform_comes_back_to_the_same_editors(machine: Machine) -> None:
    machine.up()
    machine.apply(opened("same"))
    served(machine, "same")
    before = record(machine, "same-*")["main_pid"]
    kill([machine.platform()])
    # Envoy and the editor need nobody to go on.
    assert machine.ask("same.localhost", login=LOGIN).status == 200
    machine.up()
    machine.ready("same")
    assert record(machine, "same-*")["main_pid"] == before


def test_what_changed_while_no_platform_ran_is_taken_up(machine: Machine) -> None:
    machine.up()
    for name in ("deleted", "stopped", "anew"):
        machine.apply(opened(name))
        served(machine, name)
    mine = machine.files("anew") / "workspace" / "mine.txt"
    mine.write_text("mine")
    kill([machine.platform()])
    machine.kode("delete", "deleted")
    machine.kode("stop", "stopped")
    machine.kode("delete", "anew", "--purge", "--yes")
    machine.apply(opened("anew"))
    machine.up()
    for name in ("deleted", "stopped"):
        until(partial(stopped, machine, name), lambda: "it runs")
    served(machine, "anew")
    assert not mine.exists()
    assert len(folders(machine, "anew")) == 1


def test_ups_at_once_make_one_platform(machine: Machine) -> None:
    machine.kode("down")
    with ThreadPoolExecutor() as pool:
        told = list(pool.map(lambda _: machine.run("up", f"--port={machine.port}"), range(3)))
    assert [found.returncode for found in told] == [0, 0, 0], told
    pid = machine.platform()
    assert sum("-m kode.platform.local" in line for line in machine.processes().values()) == 1
    machine.up()
    assert machine.platform() == pid
    other = machine.run("up", f"--port={machine.port + 1}")
    assert other.returncode == 6
    assert "kode down" in other.stderr


def test_down_comes_through_while_kodes_start(machine: Machine) -> None:
    machine.up()
    slow = "  initPlugins: [{name: slow, image: none, command: [sleep, '1000']}]"
    machine.apply(tiny("slow", slow), *(opened(f"slow-{n}", "slow") for n in range(3)))
    machine.apply(*(opened(f"quick-{n}") for n in range(3)))
    until(lambda: bool(folders(machine, "slow-1")), lambda: "it does not start")
    machine.kode("down")
    nothing_is_left(machine)
    machine.kode("delete", *(f"slow-{n}" for n in range(3)))


def test_down_twice_and_at_once_and_between(machine: Machine) -> None:
    machine.up()
    with ThreadPoolExecutor() as pool:
        told = list(pool.map(lambda _: machine.run("down"), range(3)))
    assert [found.returncode for found in told] == [0, 0, 0], told
    nothing_is_left(machine)
    assert "nothing is running" in machine.kode("down")
    with ThreadPoolExecutor() as pool:
        up = pool.submit(machine.run, "up", f"--port={machine.port}")
        time.sleep(1)
        down = pool.submit(machine.run, "down")
        assert down.result().returncode == 0, down.result()
        # It was ended before it began, or came after all: one or the other, and no half.
        assert up.result().returncode in (0, 6), up.result()
    machine.kode("down")
    nothing_is_left(machine)


def _platform(machine: Machine) -> Sequence[int]:
    return [machine.platform()]


def _envoy(machine: Machine) -> Sequence[int]:
    return [record(machine, "door-*")["main_pid"]]


def _editor(machine: Machine) -> Sequence[int]:
    return [record(machine, "dev-*")["main_pid"]]


def _shim(machine: Machine) -> Sequence[int]:
    return [record(machine, "dev-*")["pid"]]


def _everything(machine: Machine) -> Sequence[int]:
    return list(machine.processes())


VICTIMS: dict[str, Callable[[Machine], Sequence[int]]] = {
    "platform": _platform,
    "envoy": _envoy,
    "editor": _editor,
    "shim": _shim,
    "everything": _everything,
}


def kill(pids: Sequence[int | None]) -> None:
    """Kill several, with none of them running in between."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in filter(None, pids):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


def served(machine: Machine, name: str, path: str = "/", body: str = "") -> None:
    """Wait until a Kode answers, with the right page."""
    last = ""

    def answers() -> bool:
        nonlocal last
        try:
            found = machine.ask(f"{name}.localhost", path, LOGIN)
        except BROKEN as error:
            last = str(error)
            return False
        last = f"{found.status} {found.body[:200]}"
        return found.status == 200 and body in found.body

    until(answers, lambda: f"{name}{path}: {last}", 60.0)


def record(machine: Machine, instance: str) -> dict[str, int]:
    """Return what the shim of an instance wrote; nothing where it does not run now."""
    for path in machine.root.glob(f"run/{instance}/record.json"):
        return dict(json.loads(path.read_text()))
    return {"pid": 0, "main_pid": 0}


def stopped(machine: Machine, name: str) -> bool:
    """Tell whether nothing of a Kode runs."""
    return not folders(machine, name)


def folders(machine: Machine, name: str) -> list[str]:
    """Return the instances of a Kode that run."""
    return [path.parent.name for path in machine.root.glob(f"run/{name}-*/record.json")]


def nothing_is_left(machine: Machine) -> None:
    """See that nothing of the platform runs or listens."""
    assert machine.processes() == {}
    assert not machine.listens()
