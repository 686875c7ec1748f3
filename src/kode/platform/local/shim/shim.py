"""The shim: one life of a program, from its first step to the end of its main.

Rule: it outlives the supervisor and is outlived by nothing that it started. It restarts nothing:
when main ends it says so in its record and ends too. Told to end (SIGTERM), it asks main to, waits
for the grace, and ends by force all that is below it. Standard library only, few imports: it must
start quickly and stay small.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import stat
import sys
import time

from kode.platform.local.shim import child, procfs, record
from kode.platform.local.shim.log_file import LogFile
from kode.platform.local.shim.record import Record

# As mypy reads it; the module typing is a tenth of the shim's memory.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SPEC = "spec.json"
LOCK = "lock"
CLEANUP_SECONDS = 60.0
_NO_ROOM = 73
"""As EX_CANTCREAT of sysexits.h."""
_TAIL = 8192
_PART = 65536
_LAST_PARTS = 64
"""Parts of the output that are still read once their writer has ended."""
_BURY_SECONDS = 10.0
"""How long to wait for what was ended by force; a dead disk can hold it for ever."""


class Shim:
    """One life of a program."""

    def __init__(self, folder: str, spec: dict[str, Any]) -> None:
        self._folder = folder
        self._program: dict[str, Any] = spec["program"]
        self._only_cleanup: bool = spec["only_cleanup"]
        self._log = LogFile(self._program["log"])
        self._stopping = False
        self._awaited: int | None = None
        self._codes: dict[int, int] = {}
        self._tail = b""
        self._unsaved = False
        self._record = Record(spec["digest"], spec["restarts"])
        self._record.pid = os.getpid()
        self._record.boot = procfs.boot()
        own = procfs.row(os.getpid())
        self._record.start = own.start if own else 0
        self._output, self._printed = os.pipe()
        self._stirred, self._wakeup_fd = os.pipe()
        for fd in (self._output, self._stirred, self._wakeup_fd):
            os.set_blocking(fd, False)
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)
        self._poll.register(self._stirred, select.POLLIN)

    def run(self) -> None:
        """Live."""
        signal.set_wakeup_fd(self._wakeup_fd, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _nothing)
        signal.signal(signal.SIGTERM, self._stop)
        for number in (signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        self._save_phase(record.CLEANING)
        self._clean()
        if not self._only_cleanup:
            self._work()
            self._save_phase(record.ENDING)
            self._clean()
        self._save_phase(record.ENDED)
        # The supervisor reads it once we are gone.
        for _ in range(20):
            if not self._unsaved:
                break
            time.sleep(0.05)
            self._save_phase(record.ENDED)

    def _work(self) -> None:
        """Run the steps and main, as far as they go."""
        for step in self._program["steps"]:
            if not self._step(step, record.STEP):
                return
        if self._free_socket():
            self._step(self._program["main"], record.MAIN)

    def _step(self, step: dict[str, Any], phase: str) -> bool:
        """Run one command to its end; return whether it ended well."""
        self._record.step = step["name"]
        if self._stopping:
            return False
        code = self._run(step, phase, None)
        self._record.exit_code = code
        self._record.words = record.last_lines(self._tail)
        self._record.main_pid = self._record.main_start = None
        return code == 0

    def _clean(self) -> None:
        """Run the cleanup; nothing depends on how it ends."""
        step = self._program["cleanup"]
        if step is not None:
            self._run(step, self._record.phase, CLEANUP_SECONDS)

    def _run(self, step: dict[str, Any], phase: str, limit: float | None) -> int:
        """Run a command to its end.

        Args:
            step: the command.
            phase: what the record is to say.
            limit: seconds after which it is ended by force; only without a limit does a stop
                reach it.
        """
        self._tail = b""
        env = {**step["env"], procfs.INSTANCE_VARIABLE: self._program["instance"]}
        try:
            pid = child.start(step["argv"], env, step["cwd"], self._printed)
        except (child.UnstartableError, OSError) as error:
            self._append_output(f"{error}\n".encode())
            return 127
        self._awaited = pid
        if phase == record.MAIN:
            own = procfs.row(pid)
            self._record.main_pid, self._record.main_since = pid, time.time()
            self._record.main_start = own.start if own else None
        self._save_phase(phase)
        code = self._wait(pid, limit)
        self._kill_descendants()
        self._drain()
        return code

    def _wait(self, pid: int, limit: float | None) -> int:
        """Wait for the end of a command, or bring it about; return its exit code."""
        force_at = None if limit is None else time.monotonic() + limit
        asked = limit is not None
        while (code := self._codes.pop(pid, None)) is None:
            if self._stopping and not asked:
                asked = True
                force_at = time.monotonic() + self._program["grace"]
                with contextlib.suppress(OSError):
                    os.killpg(pid, signal.SIGTERM)
                    # What somebody stopped could not end.
                    os.killpg(pid, signal.SIGCONT)
            if force_at is not None and time.monotonic() >= force_at:
                force_at = time.monotonic() + 1
                _kill_below()
            self._look(force_at)
        return code

    def _look(self, until: float | None) -> None:
        """Wait for output, an end, a signal or a time, and take what there is."""
        if self._unsaved:
            soon = time.monotonic() + 1
            until = soon if until is None else min(until, soon)
        wait = None if until is None else max(0.0, until - time.monotonic()) * 1000
        ready = {fd for fd, _ in self._poll.poll(wait)}
        if self._stirred in ready:
            _read(self._stirred)
            self._collect()
        if self._output in ready:
            self._append_output(_read(self._output))
        if self._unsaved:
            self._save_phase(self._record.phase)

    def _collect(self) -> None:
        """Collect what has ended: ours, and the orphans of ours."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._awaited:
                code = os.waitstatus_to_exitcode(status)
                self._codes[pid] = code if code >= 0 else 128 - code

    def _kill_descendants(self) -> None:
        """End by force what a command left behind, and wait until it is gone."""
        until = time.monotonic() + _BURY_SECONDS
        while time.monotonic() < until and _kill_below():
            self._look(min(until, time.monotonic() + 0.02))
            self._collect()

    def _drain(self) -> None:
        """Take the output that is still in the pipe."""
        for _ in range(_LAST_PARTS):
            part = _read(self._output)
            if not part:
                return
            self._append_output(part)

    def _append_output(self, part: bytes) -> None:
        """Keep a part of the output."""
        self._tail = (self._tail + part)[-_TAIL:]
        self._log.write(part)
        if self._log.trouble != self._record.trouble:
            self._record.trouble = self._log.trouble
            self._save_phase(self._record.phase)

    def _save_phase(self, phase: str) -> None:
        self._record.phase = phase
        self._unsaved = not self._record.save(self._folder)

    def _free_socket(self) -> bool:
        """Make room for main's socket; return whether that is ours to make.

        One that a main ended by force left is taken away: some refuse to start over it. The folder,
        which may be among temporary files, may be gone.
        """
        health = self._program["health"]
        path = health["socket"] if health else None
        if not path:
            return True
        folder = os.path.dirname(path)
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if os.lstat(folder).st_uid != os.getuid():
                raise PermissionError(1, "is not yours: move it away")
            if stat.S_ISSOCK(os.lstat(path).st_mode):
                os.unlink(path)
        except FileNotFoundError:
            return True
        except OSError as error:
            self._record.step = self._program["main"]["name"]
            self._record.exit_code = _NO_ROOM
            self._record.words = f"{folder}: {error.strerror}"
            return False
        return True

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True


def _nothing(_number: int, _frame: object) -> None:
    """Be a handler: without one the signal would not wake the poll."""


def _kill_below() -> bool:
    """Send SIGKILL to all that is below us; return whether there was anything."""
    below = procfs.descendants(os.getpid(), procfs.rows())
    for each in below:
        fd = procfs.kill(each)
        if fd is not None:
            os.close(fd)
    return bool(below)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, _PART)
    except BlockingIOError:
        return b""


def _lock(folder: str) -> bool:
    """Take the instance for the rest of our life; return whether it was free."""
    path = f"{folder}/{LOCK}"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A supervisor may have removed the file, and begun again, before we had it.
        return os.stat(path).st_ino == os.fstat(fd).st_ino
    except OSError:
        return False


def main(folder: str) -> None:
    """Run the program whose spec is in a folder."""
    os.closerange(3, 65536)
    os.umask(0o077)
    os.chdir("/")
    child.become_subreaper(b"kode-shim")
    if not _lock(folder):
        sys.exit("another shim runs this instance")
    with open(f"{folder}/{SPEC}", encoding="utf-8") as file:
        spec = json.load(file)
    Shim(folder, spec).run()
