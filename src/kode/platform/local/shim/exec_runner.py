"""The process between `kode exec` and its command: when the tool ends, so does all that it started.

Rule: standard library only and one thread. What is ended is what is below this process, and what
carries the mark of this one call in its environment, wherever it went; it is asked first. A command
that ends by itself may leave programs behind, which the Kode's end ends.
"""

import ctypes
import os
import signal
import time
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import NoReturn

from kode.platform.local.shim import procfs

MARK = "KODE_EXEC"
"""Variable in the environment of every process that one call started."""
GRACE = 5.0
"""Seconds between asking to end and ending by force."""
_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36
_NOT_FOUND = 127
_NOT_ALLOWED = 126
_SIGNALS = 128
_POLL_INTERVAL = 0.02
_MAX_POLL_INTERVAL = 0.2
"""Seconds; most commands end at once or late, and each look reads all of /proc."""
_LEFT_TO_IT = (signal.SIGINT, signal.SIGQUIT)
_ENDS = (signal.SIGTERM, signal.SIGHUP)

_prctl = ctypes.CDLL(None, use_errno=True).prctl


class _Asked(Exception):
    """This process was asked to end."""


def main(starter: int, command: list[str]) -> int:
    """Run a command; return its exit code.

    Args:
        starter: pid of the tool.
        command: an absolute path and its arguments.
    """
    before = {number: signal.getsignal(number) for number in (*_LEFT_TO_IT, *_ENDS)}
    try:
        for number in _LEFT_TO_IT:
            # Not SIG_IGN, which the command would inherit.
            signal.signal(number, _pass_over)
        for number in _ENDS:
            if before[number] is not signal.SIG_IGN:
                signal.signal(number, _ask)
        _prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _prctl(_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != starter:
            return _SIGNALS + signal.SIGTERM
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
        child = os.fork()
        if child == 0:
            ignored = [number for number in before if before[number] is signal.SIG_IGN]
            _become(command, ignored, mask)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return _wait(child)
    except _Asked:
        for number in _ENDS:
            signal.signal(number, _pass_over)
        _end(os.environ.get(MARK, ""))
        return _SIGNALS + signal.SIGTERM


def _pass_over(_number: int, _frame: FrameType | None) -> None:
    """Do nothing."""


def _ask(_number: int, _frame: FrameType | None) -> None:
    raise _Asked


def _become(command: list[str], ignored: Sequence[int], mask: Iterable[int]) -> NoReturn:
    try:
        _prctl(_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        # What Python has set for itself is not the command's.
        for number in (signal.SIGPIPE, signal.SIGXFSZ, *_LEFT_TO_IT, *_ENDS):
            kept = signal.SIG_IGN if number in ignored else signal.SIG_DFL
            signal.signal(number, kept)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.execve(command[0], command, procfs.environment())  # noqa: S606 - no shell, that is what we want
    except FileNotFoundError:
        os._exit(_NOT_FOUND)
    except OSError:
        os._exit(_NOT_ALLOWED)


def _wait(child: int) -> int:
    """Wait for the command, and collect its orphans meanwhile."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else _SIGNALS - code


def _end(mark: str) -> None:
    """Ask all that was started to end, wait, and end by force what does not."""
    asked: set[tuple[int, int]] = set()
    force = time.monotonic() + GRACE
    give_up, interval = force + GRACE, _POLL_INTERVAL
    while (left := _find_started(mark)) and time.monotonic() < give_up:
        for each in left:
            if time.monotonic() > force:
                _send(each, signal.SIGKILL)
            elif (each.pid, each.start) not in asked:
                asked.add((each.pid, each.start))
                _send(each, signal.SIGTERM)
                # What somebody stopped could not end.
                _send(each, signal.SIGCONT)
        time.sleep(interval)
        interval = min(1.5 * interval, _MAX_POLL_INTERVAL)
        _collect()


def _send(target: procfs.ProcessInfo, number: int) -> None:
    fd = procfs.send(target, number)
    if fd is not None:
        os.close(fd)


def _find_started(mark: str) -> list[procfs.ProcessInfo]:
    rows, own = procfs.rows(), os.getpid()
    below = {each.pid for each in procfs.descendants(own, rows)}
    return [
        each
        for each in rows
        if each.pid != own
        and not each.ended
        and (each.pid in below or (mark and procfs.carries(each.pid, f"{MARK}={mark}")))
    ]


def _collect() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return
