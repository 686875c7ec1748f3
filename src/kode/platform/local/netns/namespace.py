"""Network namespaces: making one for the calling process, and entering another's.

Rule: the standard library only, and one thread: another one would keep the process out of a user
namespace. An unprivileged user gets a user namespace in which they are who they are outside.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from kode.platform.local.shim import socket_proxy

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_SLAVE = 0x80000
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
_RESOLVER = "/etc/resolv.conf"

_libc = ctypes.CDLL(None, use_errno=True)


def separate(resolver: str) -> None:
    """Give the calling process a network of its own, with a loopback that is up.

    Args:
        resolver: a file that stands for /etc/resolv.conf from now on; empty where that is not
            needed.

    Raises:
        OSError: the machine does not allow it; the text says what was refused.
    """
    uid, gid = os.getuid(), os.getgid()
    wanted = _CLONE_NEWNET | (_CLONE_NEWNS if resolver else 0)
    if os.geteuid() or _libc.unshare(wanted):
        with _name_failure("cannot create a user namespace"):
            _check(_libc.unshare(_CLONE_NEWUSER))
        socket_proxy.keep_hold()
        with _name_failure("cannot map users in a user namespace"):
            Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
            Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
            Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", encoding="ascii")
        with _name_failure("cannot create a network namespace"):
            _check(_libc.unshare(wanted))
    with _name_failure("cannot enable loopback in a network namespace"):
        _loopback_up()
    if resolver:
        with _name_failure("cannot mount a resolver in a mount namespace"):
            # What the machine mounts later appears here, and nothing of ours appears there.
            _check(_libc.mount(b"none", b"/", None, _MS_REC | _MS_SLAVE, None))
            if Path(_RESOLVER).exists():
                place = os.fsencode(Path(_RESOLVER).resolve())
                _check(_libc.mount(os.fsencode(resolver), place, None, _MS_BIND, None))


def enter(pid: int) -> None:
    """Enter the network of a process and see its mounts.

    Raises:
        OSError: it has ended, or its namespaces may not be entered.
    """
    # Opened first: whoever has other users may not be allowed to look any more.
    with Path(f"/proc/{pid}/ns/mnt").open("rb") as mounts:
        socket_proxy.enter(pid)
        if os.fstat(mounts.fileno()).st_ino != Path("/proc/self/ns/mnt").stat().st_ino:
            folder = Path.cwd()
            with _name_failure("cannot see its mounts"):
                _check(_libc.setns(mounts.fileno(), 0))
            os.chdir(folder)


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", _IFF_UP)
        fcntl.ioctl(control.fileno(), _SIOCSIFFLAGS, request)


def _check(status: int) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextlib.contextmanager
def _name_failure(what: str) -> Iterator[None]:
    """Say of an error what it was that failed."""
    try:
        yield
    except OSError as error:
        number = error.errno or errno.EPERM
        raise OSError(number, f"{what}: {os.strerror(number)}") from None
