"""The operator as a process of its own, started as in its container, and what it uses.

Rule: the same program with the same rights as in a cluster; only where it runs differs.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_TIMEOUT = 40.0


@dataclass(frozen=True)
class Usage:
    """What a process has used.

    Attributes:
        cpu: seconds of CPU.
        rss: resident memory now, in MB.
        peak: the most that it was, in MB.
    """

    cpu: float
    rss: float
    peak: float


class Program:
    """A running process; stopped at the end of the context."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = command
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes]
        self.started = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill() if error else self.stop()

    def start(self) -> None:
        """Start the process, or a new one after the last has ended."""
        self.started = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> float:
        """End the process as Kubernetes does; return the seconds that it took."""
        since = time.monotonic()
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            self._process.wait(_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return time.monotonic() - since

    def kill(self) -> None:
        """End the process without a word."""
        self.send(signal.SIGKILL)
        self._process.wait()

    def send(self, number: signal.Signals) -> None:
        if self.running:
            self._process.send_signal(number)

    def usage(self) -> Usage:
        """Return what the running process has used so far."""
        return usage(self._process.pid)


def usage(pid: int) -> Usage:
    """Return what a process has used so far, itself only."""
    root = Path(f"/proc/{pid}")
    after_name = (root / "stat").read_text().rsplit(") ", 1)[1].split()
    status = dict(
        line.split(":", 1) for line in (root / "status").read_text().splitlines() if ":" in line
    )
    return Usage(
        cpu=(int(after_name[11]) + int(after_name[12])) / _TICKS,
        rss=int(status["VmRSS"].split()[0]) / 1024,
        peak=int(status["VmHWM"].split()[0]) / 1024,
    )


def operator(
    kubeconfig: Path, log: Path, options: Sequence[str] = (), **environment: str
) -> Program:
    """Return the operator, not yet started.

    Args:
        kubeconfig: who it is.
        log: where its output goes.
        options: more options of `kode operator`.
        environment: more variables.
    """
    command = [str(Path(sys.executable).with_name("kode")), "operator", *options]
    return Program(command, {"KUBECONFIG": str(kubeconfig), **environment}, log)
