"""Ending by force what a program left on this machine.

Rule: whatever carries the instance in its environment, in whatever session, is gone when this
returns; a living shim and what is below it can be spared. Never ourselves.
"""

import os
import select
import time

from kode.platform.local.shim import procfs

_SECONDS = 10.0
"""How long to wait for what was ended; a dead disk can hold it for ever."""

_PAUSE = 0.01


def kill_instance(
    instance: str,
    *,
    except_shim: int | None = None,
    main: tuple[int, int] | None = None,
    session: int | None = None,
) -> bool:
    """End the processes of an instance, and wait until they are gone.

    Args:
        instance: whose processes.
        except_shim: pid of a living shim.
        main: pid and start time of a main that may be on its way out: it gives up its environment
            before its sockets.
        session: pid of a shim that was seen to end just now; later its number may be another's.

    Returns:
        Whether all of them are gone.
    """
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        rows = procfs.rows()
        spared = {os.getpid()}
        if except_shim is not None:
            spared |= {except_shim, *(each.pid for each in procfs.descendants(except_shim, rows))}
        processes = [
            each
            for each in rows
            if each.pid not in spared
            and not each.ended
            and (
                each.session == session
                or (each.pid, each.start) == main
                or procfs.has_instance(each.pid, instance)
            )
        ]
        if not processes:
            return True
        _end(processes, until)
        # What may not be ended is not asked again and again without a breath.
        time.sleep(_PAUSE)
    return False


def _end(processes: list[procfs.ProcessInfo], until: float) -> None:
    """Kill, and wait for the last of them or for the time."""
    poll = select.poll()
    fds = [fd for fd in map(procfs.kill, processes) if fd is not None]
    for fd in fds:
        poll.register(fd, select.POLLIN)
    waiting = set(fds)
    while waiting and (left := until - time.monotonic()) > 0:
        for fd, _ in poll.poll(left * 1000):
            poll.unregister(fd)
            waiting.discard(fd)
    for fd in fds:
        os.close(fd)
