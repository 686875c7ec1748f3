"""Small real programs for a supervisor, and a place for them that is left clean.

Rule: every program holds a lock while it lives and says so when it finds it taken, so that two at
a time are seen, however shortly; nothing that a test started survives it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kode.platform.local.paths import Paths
from kode.platform.local.program import Command, Probe, Program, ProgramPhase, State
from kode.platform.local.shim import procfs
from kode.platform.local.supervisor.kill import kill_instance
from kode.platform.local.supervisor.supervisor import Supervisor
from kode.platform.local.supervisor.timings import Timings
from tests.polling import until_async

QUICK = Timings(
    first=0.2, longest=1.0, reset_after=60.0, startup_interval=0.05, interval=0.2, failures=3
)
ROOT = Path(__file__).parent.parent.parent

WEB = """
import fcntl, os, signal, socket, sys
place, name = sys.argv[1:3]
with open(f"{place}/{name}.starts", "a") as starts:
    print(os.getpid(), file=starts)
lock = open(f"{place}/{name}.only", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    with open(f"{place}/{name}.double", "a") as double:
        print(os.getpid(), file=double)
server = socket.socket(socket.AF_UNIX)
server.bind(f"{place}/{name}.sock")
server.listen(64)
print("serving", flush=True)
while True:
    try:
        client, _ = server.accept()
        client.recv(4096)
        code = 500 if os.path.exists(f"{place}/{name}.sick") else 200
        client.sendall(b"HTTP/1.1 %d Fine\\r\\nContent-Length: 0\\r\\n\\r\\n" % code)
        client.close()
    except OSError:
        pass
"""


@dataclass
class Machine:
    """A place for programs.

    Attributes:
        folder: where everything is; short, for sockets.
        paths: of the platform.
        mark: makes instances unique on this machine.
        seen: keys of changed states, in order.
    """

    folder: Path
    paths: Paths
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    seen: list[str] = field(default_factory=list)
    _instances: set[str] = field(default_factory=set)
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        """The least that a program needs."""
        return {"PATH": os.environ["PATH"]}

    def supervisor(self, pace: Timings = QUICK) -> Supervisor:
        return Supervisor(self.paths, self.seen.append, pace)

    def shell(self, script: str, name: str = "main", **env: str) -> Command:
        return Command(name, ("/bin/sh", "-c", script), {**self.env, **env}, self.folder)

    def program(self, key: str, main: Command, **rest: Any) -> Program:
        """Return a program that runs a command."""
        instance = f"{key}-{self.mark}"
        self._instances.add(instance)
        rest.setdefault("grace", 5.0)
        return Program(key, instance, main, self.paths.log(instance), **rest)

    def web(self, key: str, within: float = 60.0, **rest: Any) -> Program:
        """Return a program that answers on a socket."""
        argv = (sys.executable, "-I", "-S", "-c", WEB, str(self.folder), key)
        health = Probe("/", socket=self.folder / f"{key}.sock", startup_timeout=within)
        return self.program(
            key, Command("editor", argv, self.env, self.folder), health=health, **rest
        )

    def processes(self, program: Program) -> list[int]:
        """Return the pids of what carries the instance of a program, its shim included."""
        found = procfs.rows()
        return [
            each.pid
            for each in found
            if not each.ended and procfs.has_instance(each.pid, program.instance)
        ]

    def shim(self, program: Program) -> int:
        """Return the pid of the shim of a program that runs."""
        record = self.record(program)
        assert record is not None
        return int(record["pid"])

    def record(self, program: Program) -> dict[str, Any] | None:
        path = self.paths.run / program.instance / "record.json"
        return json.loads(path.read_text()) if path.exists() else None

    def starts(self, key: str) -> list[int]:
        path = self.folder / f"{key}.starts"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def alone(self) -> bool:
        """Return whether no main ever found another one of its instance running."""
        return not list(self.folder.glob("*.double"))

    def text(self, program: Program) -> str:
        """Return the log of a program."""
        return program.log.read_text(errors="replace") if program.log.exists() else ""

    def run(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a supervisor in a process of its own."""
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.local.supervisor_process", str(self.folder), *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._started.append(started)
        return started

    def close(self) -> None:
        for started in self._started:
            started.kill()
            started.wait()
            if started.stdout is not None:
                started.stdout.close()
        for instance in self._instances:
            assert kill_instance(instance)


@contextmanager
def machine() -> Iterator[Machine]:
    """Give a place for programs, and take it away with all that runs in it."""
    folder = Path(tempfile.mkdtemp(prefix="kode-"))
    made = Machine(folder, Paths(folder / "root", folder / "cache"))
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


async def reach(supervisor: Supervisor, key: str, phase: ProgramPhase) -> State:
    """Wait until a program is so far."""

    def there() -> bool:
        state = supervisor.state(key)
        return state is not None and state.phase is phase

    await until_async(there, f"{key} {phase}: {supervisor.state(key)}")
    state = supervisor.state(key)
    assert state is not None
    return state


def environment(text: str) -> Mapping[str, str]:
    """Return the variables that `env -0` printed."""
    pairs = (pair.partition("=") for pair in text.split("\0") if "=" in pair)
    return {name: value for name, _, value in pairs}
