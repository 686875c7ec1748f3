"""What /proc says of processes, and signals to exactly the process that was meant.

Rule: a process is its number and its start time together, and is signalled through a pidfd, so that
a number used again is never hit.
"""

import os
import signal

INSTANCE_VARIABLE = "KODE_INSTANCE"
"""Variable in the environment of every process of a program."""
_START = 19
"""Where the start time is in /proc/PID/stat, counted from what follows the name."""


class ProcessInfo:
    """One process.

    Attributes:
        pid: its number.
        parent: number of its parent.
        start: clock ticks between boot and its start.
        session: number of the process that began its session.
        ended: whether it is only waiting to be collected.
    """

    __slots__ = ("ended", "parent", "pid", "session", "start")

    def __init__(self, pid: int, fields: list[bytes]) -> None:
        self.pid = pid
        self.ended = fields[0] in {b"Z", b"X"}
        self.parent = int(fields[1])
        self.session = int(fields[3])
        self.start = int(fields[_START])


def boot() -> str:
    """Return what tells one boot of this machine from another."""
    return _read("/proc/sys/kernel/random/boot_id").decode().strip()


def row(pid: int) -> ProcessInfo | None:
    """Return what is known of a process; None where it does not exist."""
    text = _read(f"/proc/{pid}/stat")
    # The name is in brackets and may itself contain brackets and spaces.
    fields = text[text.rfind(b")") + 1 :].split()
    return ProcessInfo(pid, fields) if len(fields) > _START else None


def rows() -> list[ProcessInfo]:
    """Return all processes."""
    processes = (row(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [each for each in processes if each is not None]


def is_alive(pid: int, start: int) -> bool:
    """Return whether a process still runs."""
    process = row(pid)
    return process is not None and process.start == start and not process.ended


def descendants(root: int, among: list[ProcessInfo]) -> list[ProcessInfo]:
    """Return the processes that descend from one, as far as they are known."""
    children: dict[int, list[ProcessInfo]] = {}
    for each in among:
        children.setdefault(each.parent, []).append(each)
    below: list[ProcessInfo] = []
    parents = [root]
    while parents:
        for child in children.pop(parents.pop(), ()):
            below.append(child)
            parents.append(child.pid)
    return below


def has_instance(pid: int, instance: str) -> bool:
    """Return whether a process was started for an instance, as far as we may look."""
    return carries(pid, f"{INSTANCE_VARIABLE}={instance}")


def carries(pid: int, variable: str) -> bool:
    """Return whether a process was started with NAME=VALUE, as far as we may look."""
    return variable.encode() in _read(f"/proc/{pid}/environ").split(b"\0")


def environment() -> dict[bytes, bytes]:
    """Return the variables that this process was started with: Python adds one for its locale."""
    pairs = (item.partition(b"=") for item in _read("/proc/self/environ").split(b"\0") if item)
    return {name: value for name, _, value in pairs}


def kill(target: ProcessInfo) -> int | None:
    """End a process by force.

    Returns:
        Its pidfd, for the caller to wait on and to close; None where it had gone already.
    """
    return send(target, signal.SIGKILL)


def send(target: ProcessInfo, number: int) -> int | None:
    """Send a process a signal.

    Returns:
        Its pidfd, for the caller to wait on and to close; None where it had gone already.
    """
    try:
        fd = os.pidfd_open(target.pid)
    except OSError:
        return None
    # The pidfd is of whoever has the number now; from here on that cannot change any more.
    if is_alive(target.pid, target.start):
        try:
            signal.pidfd_send_signal(fd, number)
        except OSError:
            pass
        else:
            return fd
    os.close(fd)
    return None


def _read(path: str) -> bytes:
    """Return the bytes of a file of /proc; none where it went away, or is not for us."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    parts: list[bytes] = []
    try:
        while part := os.read(fd, 65536):
            parts.append(part)
    except OSError:
        return b""
    finally:
        os.close(fd)
    return b"".join(parts)
