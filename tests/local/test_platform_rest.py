"""A platform that nobody uses: it hardly takes time, and writes nothing.

Rule: what is counted is time of the processor and bytes of files, so that a busy machine changes
nothing in it.
"""

import os
import time
from pathlib import Path

import pytest

from kode.platform.local.daemon_log import write_to
from tests.local.kodes import LOGIN, opened, tiny
from tests.local.machine import Machine

pytestmark = pytest.mark.slow

_SECONDS = 10.0
_COUNT = 3


def test_at_rest_it_writes_nothing_and_hardly_takes_time(machine: Machine) -> None:
    names = [f"rest-{number}" for number in range(_COUNT)]
    machine.up("--empty")
    machine.apply(tiny(), *map(opened, names))
    for name in names:
        machine.ready(name)
        assert machine.ask(f"{name}.localhost", login=LOGIN).status == 200
    pid = machine.platform()
    took, sizes = spent(pid), written(machine)
    time.sleep(_SECONDS)
    assert (spent(pid) - took) / _SECONDS < 0.05
    assert written(machine) == sizes


def test_its_log_stays_small(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = os.fork()
    if child == 0:
        _fill(log)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["log", "log.1", "log.2", "log.3"]
    assert all(file.stat().st_size < 3 * 2**20 for file in files)
    # What is printed past the log goes to the part that is written now.
    assert "printed at last" in log.read_text()


def _fill(log: Path) -> None:
    """Write much, in a process of its own; its outputs become the log."""
    import logging  # noqa: PLC0415 - of the child's own

    code = 1
    try:
        logging.getLogger().handlers.clear()
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
        write_to(log)
        for number in range(12_000):
            logging.info("%d %s", number, "x" * 1000)  # noqa: LOG015 - whichever logger
        os.write(2, b"printed at last\n")
        code = 0
    finally:
        os._exit(code)


def spent(pid: int) -> float:
    """Return the seconds of the processor that a process has taken."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def written(machine: Machine) -> dict[str, tuple[int, int]]:
    """Return when each file of a platform was written, and how long it is."""
    found = {}
    for path in machine.root.rglob("*"):
        # SQLite's shared memory is touched by whoever looks.
        if path.is_file() and path.name != "kode.db-shm":
            state = path.stat()
            found[str(path)] = state.st_mtime_ns, state.st_size
    return found
