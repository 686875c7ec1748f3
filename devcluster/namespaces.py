"""Starts, enters and ends the namespaces that a cluster lives in.

Process 1 of the process namespace stands for all of it: as long as it lives the
cluster is up, and when it is killed everything in the namespaces goes.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from devcluster import services
from devcluster.errors import DevclusterError
from devcluster.paths import SOURCE, RunDir

LAUNCH_SECONDS = 20.0
END_SECONDS = 30.0


@dataclass(frozen=True)
class Process:
    """A process that cannot be confused with a later one of the same number."""

    pid: int
    started: int

    @classmethod
    def find(cls, pid: int) -> "Process | None":
        try:
            # The name, in parentheses, may hold anything; fields are after it.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    def alive(self) -> bool:
        return Process.find(self.pid) == self


def launch(run: RunDir, relay: socket.socket) -> Process:
    """Make the namespaces, with the supervisor in them; return when they are set up."""
    log = run.logs / "supervisor.log"
    argv = ["setsid", "--fork", "unshare", "--net", "--mount", "--pid", "--fork"]
    argv += ["--propagation", "private", sys.executable, "-m", "devcluster.supervisor"]
    env = os.environ | services.environment(run) | {"PYTHONPATH": str(SOURCE.parent)}
    with log.open("wb") as output:
        subprocess.run(
            [*argv, str(run.root), str(relay.fileno())],
            check=True,
            cwd="/",
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[relay.fileno()],
        )
    deadline = time.monotonic() + LAUNCH_SECONDS
    while time.monotonic() < deadline:
        if run.init_pid.exists() and (process := Process.find(int(run.init_pid.read_text()))):
            return process
        time.sleep(0.02)
    raise DevclusterError(f"the namespaces could not be set up:\n{log.read_text().strip()}")


def enter(process: Process, *, whole: bool) -> list[str]:
    """Begin a command line that runs inside.

    Inside is the network namespace, where the cluster's addresses are; or, for the
    whole, every namespace, as a process of the node.
    """
    argv = ["nsenter", f"--target={process.pid}", "--net"]
    if whole:
        # Entering a mount namespace changes the directory; go back to this one.
        argv += ["--mount", "--pid", f"--wdns={Path.cwd()}"]
    return [*argv, "--"]


def supply(run: RunDir, process: Process, wanted: list[services.Service]) -> None:
    """Have the supervisor start services."""
    run.services.mkdir(exist_ok=True)
    for service in wanted:
        scratch = run.services / f"{service.name}.new"
        scratch.write_text(json.dumps(service.as_dict()))
        scratch.rename(run.services / f"{service.name}.json")
    os.kill(process.pid, signal.SIGHUP)


def end(process: Process) -> None:
    """Kill everything inside; return when it has gone."""
    if process.alive():
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + END_SECONDS
    while process.alive():
        if time.monotonic() > deadline:
            raise DevclusterError(f"process {process.pid} does not end after being killed")
        time.sleep(0.02)


def belongs(process: Process, run: RunDir) -> bool:
    """Whether a process is the supervisor of this run directory."""
    try:
        argv = Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(run.root).encode() in argv
