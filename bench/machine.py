"""`make bench-local`: one machine's platform: a start beside the editor's bare one, `up`, memory.

Rule: the floor is the very command on the very socket, without the platform, and both are over when
the same page is there. The time that Python takes to begin a command counts where a user waits
for a command, so in `up`, and not in a start.
"""

import argparse
import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import AF_UNIX, socket
from statistics import median

from bench.metrics import Metric, Report
from kode.platform.local.paths import Paths
from kode.platform.local.platform import LocalPlatform
from tests.local.kodes import LOGIN, opened, tiny
from tests.local.machine import Machine, newcomers

_TIMEOUT = 120.0
_EDITOR = "editor"
_PAGE = "/healthz"
_KODES = 10


def measure(rounds: int, report: Report) -> None:
    """Measure all, telling figures as they come."""
    with newcomers() as machine:
        machine.up("--empty")
        report.tell(Metric("platform_memory_of_0_kodes", _memory(machine), "MB"))
        machine.apply(opened(_EDITOR, "code-server"))
        machine.ready(_EDITOR)
        report.tell(*_starts(machine, rounds))
        report.tell(_up(machine, rounds))
        machine.kode("delete", _EDITOR, "--wait")
        names = [f"kode-{number}" for number in range(_KODES)]
        machine.apply(tiny(), *map(opened, names))
        for name in names:
            machine.ready(name)
        report.tell(Metric(f"platform_memory_of_{_KODES}_kodes", _memory(machine), "MB"))


def _starts(machine: Machine, rounds: int) -> list[Metric]:
    bare, ours = [], []
    for _ in range(rounds):
        machine.kode("stop", _EDITOR, "--wait")
        bare.append(_bare(machine))
        ours.append(_through(machine))
    name = "start_to_page"
    ratio = median(ours) / median(bare)
    return [
        Metric(name, median(ours), "s", median(bare)),
        Metric(f"{name}_ratio", ratio, "times", goal=1.5),
    ]


def _bare(machine: Machine) -> float:
    """Return the seconds from the editor's bare start to its page."""
    (written,) = machine.root.glob(f"run/{_EDITOR}-*/environment.json")
    started = json.loads(written.read_text())
    argv = started["argv"]
    path = Path(next(word for word in argv if word.startswith("--socket=")).partition("=")[2])
    path.unlink(missing_ok=True)
    began = time.monotonic()
    running = subprocess.Popen(
        argv,
        env=started["env"],
        cwd=started["cwd"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _until(lambda: _answers(path))
        return time.monotonic() - began
    finally:
        os.killpg(running.pid, 15)
        running.wait()
        path.unlink(missing_ok=True)


def _through(machine: Machine) -> float:
    """Return the seconds from the request to start to the page through the gateway."""
    local = LocalPlatform(Paths(machine.root, machine.cache))

    async def start() -> float:
        began = time.monotonic()
        await local.suspend(_EDITOR, "default", suspended=False)
        return began

    async def close() -> None:
        await local.close()

    began = asyncio.run(start())
    _until(lambda: _is_serving(machine))
    took = time.monotonic() - began
    asyncio.run(close())
    return took


def _up(machine: Machine, rounds: int) -> Metric:
    took = []
    for _ in range(rounds):
        machine.kode("down")
        began = time.monotonic()
        machine.up()
        _until(lambda: _is_serving(machine))
        took.append(time.monotonic() - began)
    return Metric("up_to_editor", median(took), "s")


def _answers(path: Path) -> bool:
    with socket(AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
        connection = HTTPConnection("localhost")
        connection.sock = client
        try:
            connection.request("GET", _PAGE)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False


def _is_serving(machine: Machine) -> bool:
    try:
        return machine.ask(f"{_EDITOR}.localhost", _PAGE, LOGIN).status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + _TIMEOUT
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(f"no page within {_TIMEOUT:.0f} s")
        time.sleep(0.005)


def _memory(machine: Machine) -> float:
    """Return what the platform's own processes take, the editors left out, shared parts shared."""
    marks = ("-m kode.platform.local ", "/envoy ", "shim.shim import main")
    ours = [pid for pid, line in machine.processes().items() if any(it in line for it in marks)]
    texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in ours]
    return sum(int(text.split("\nPss:")[1].split()[0]) for text in texts) / 1024


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.machine", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    measure(parser.parse_args().rounds, Report("bench-machine"))


if __name__ == "__main__":
    main()
