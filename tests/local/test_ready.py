"""What Ready is worth: whoever reads it finds the editor behind the gateway at that moment.

Rule: no wait stands between a Ready that was read and the request that proves it.
"""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException

import pytest

from kode.platform.local.paths import Paths
from kode.platform.local.status.daemon_info import find_daemon
from kode.platform.local.store.store import LocalStore
from tests.local.kodes import LOGIN, opened, tiny
from tests.local.machine import Machine
from tests.polling import until

pytestmark = pytest.mark.slow

SLOW = "  initPlugins: [{name: slow, image: none, command: [sleep, '1']}]"


@pytest.fixture(autouse=True)
def _up(machine: Machine) -> None:
    machine.up("--empty")
    machine.apply(tiny(), tiny("slow", SLOW))


def test_an_up_begins_with_nobody_ready(machine: Machine) -> None:
    machine.apply(opened("slow", "slow"))
    machine.ready("slow")
    kill(machine, *machine.processes())
    with watched(machine, "slow") as seen:
        machine.up()
        assert machine.condition("slow")["status"] != "True"
        machine.ready("slow")
        assert served(machine, "slow")
    assert seen.ready
    assert seen.wrong == []


def test_a_ready_that_was_read_is_served_at_that_moment(machine: Machine) -> None:
    machine.apply(opened("often"))
    machine.ready("often")
    for number in range(3):
        machine.kode("stop" if number % 2 else "restart", "often", "--wait")
        machine.kode("start", "often")
        machine.ready("often")
        assert served(machine, "often")
    machine.kode("down")
    machine.up()
    machine.ready("often")
    assert served(machine, "often")


def test_a_platform_that_is_stopped_leaves_nobody_ready(machine: Machine) -> None:
    machine.apply(opened("stops"), opened("rests"))
    for name in ("stops", "rests"):
        machine.ready(name)
    machine.kode("stop", "rests", "--wait")
    machine.kode("down")
    told = machine.condition("stops")
    assert (told["status"], told["reason"]) == ("False", "PlatformStopped")
    assert "kode up" in told["message"]
    assert {name: phases(machine)[name] for name in ("stops", "rests")} == {
        "stops": "Stopped",
        "rests": "Suspended",
    }
    assert machine.condition("rests", "Suspended")["status"] == "True"


def test_a_platform_that_is_asked_to_end_takes_back_what_it_told(machine: Machine) -> None:
    machine.apply(opened("asked"))
    machine.ready("asked")
    since, pid = version(machine), machine.platform()
    # As the machine does that is shut down.
    os.kill(pid, signal.SIGTERM)
    until(lambda: pid not in machine.processes(), lambda: "it runs")
    told = [item["message"].partition(":")[0] for item in readies(machine, "asked", since)]
    # Nobody is Ready from before anything is stopped.
    assert told == ["the platform is stopping", "the platform is stopped"]
    assert phases(machine)["asked"] == "Stopped"


def test_of_a_platform_that_was_killed_nobody_is_told_ready(machine: Machine) -> None:
    machine.apply(opened("left"))
    machine.ready("left")
    before = machine.get("kode", "left")["status"]
    kill(machine, machine.platform())
    found = machine.get("kode", "left")["status"]
    assert found["phase"] == phases(machine)["left"] == "Unknown"
    told = {item["type"]: (item["status"], item["reason"]) for item in found["conditions"]}
    assert told["Ready"] == told["WorkloadReady"] == ("Unknown", "PlatformStopped")
    assert told["Accepted"] == ("True", "Valid")
    assert found["observedGeneration"] == before["observedGeneration"]
    opens = machine.run("open", "left", "--print")
    assert opens.returncode == 6
    # The editor outlives it, and so is Ready as soon as somebody has looked.
    assert served(machine, "left")
    machine.up()
    machine.ready("left")
    assert served(machine, "left")
    kill(machine, machine.platform())
    machine.kode("down")
    assert machine.condition("left")["reason"] == "PlatformStopped"
    assert phases(machine)["left"] == "Stopped"


def test_without_envoy_nobody_is_ready(machine: Machine) -> None:
    machine.apply(opened("behind"))
    machine.ready("behind")
    since = version(machine)
    kill(machine, envoy(machine))
    machine.told("behind", "GatewayNotReady")
    assert machine.condition("behind", "WorkloadReady")["status"] == "True"
    machine.ready("behind")
    assert served(machine, "behind")
    assert [item["status"] for item in readies(machine, "behind", since)] == ["False", "True"]


def test_what_envoy_has_not_loaded_is_not_ready(machine: Machine) -> None:
    pid = envoy(machine)
    os.kill(pid, signal.SIGSTOP)
    try:
        machine.apply(opened("late"))
        machine.told("late", "GatewayNotReady")
        assert machine.condition("late", "WorkloadReady")["status"] == "True"
    finally:
        os.kill(pid, signal.SIGCONT)
    machine.ready("late")
    assert served(machine, "late")


class Seen:
    """What a thread has read while a platform began.

    Attributes:
        ready: whether it was ever Ready.
        wrong: what was Ready and not served.
    """

    def __init__(self) -> None:
        self.ready = False
        self.wrong: list[str] = []


@contextmanager
def watched(machine: Machine, name: str) -> Iterator[Seen]:
    """Look again and again whether a Kode is Ready while a platform runs, and is served then."""
    seen, over = Seen(), threading.Event()
    paths = Paths(machine.root, machine.cache)

    def look() -> None:
        while not over.wait(0.002):
            run = find_daemon(paths)
            if run is None or machine.condition(name).get("status") != "True":
                continue
            seen.ready = True
            if not served(machine, name):
                seen.wrong.append(f"{run}: {machine.condition(name)}")

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def served(machine: Machine, name: str) -> bool:
    """Ask once whether a Kode's editor answers behind the gateway."""
    try:
        return machine.ask(f"{name}.localhost", login=LOGIN).status == 200
    except (OSError, HTTPException):
        return False


def phases(machine: Machine) -> dict[str, str]:
    """Return the phase of each Kode, as a list has it."""
    found = json.loads(machine.kode("list", "-o", "json"))
    items = found["items"] if isinstance(found, dict) else found
    return {item["metadata"]["name"]: item["status"]["phase"] for item in items}


def version(machine: Machine) -> str:
    """Return the version of the store."""
    with closing(LocalStore(Paths(machine.root, machine.cache).store)) as store:
        return store.version()


def readies(machine: Machine, name: str, since: str) -> list[dict[str, str]]:
    """Return what was told of Ready since a version, each once as long as it stood."""
    with closing(LocalStore(Paths(machine.root, machine.cache).store)) as store:
        changes = store.changes(since, ("Kode",)).changes
    told: list[dict[str, str]] = []
    for change in changes:
        if change.document["metadata"]["name"] == name:
            conditions = change.document["status"]["conditions"]
            ready = next(item for item in conditions if item["type"] == "Ready")
            told += [ready] if ready not in told[-1:] else []
    return told


def envoy(machine: Machine) -> int:
    """Return the pid of the gateway."""
    (path,) = machine.root.glob("run/door-*/record.json")
    return int(json.loads(path.read_text())["main_pid"])


def kill(machine: Machine, *pids: int) -> None:
    """Kill processes, and wait until they are no more."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not set(pids) & set(machine.processes()), lambda: "it lives", 30.0)
