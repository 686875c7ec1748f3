"""Whether a port can be had, and who has it where not.

Rule: what /proc does not tell to this user is left out, never guessed.
"""

import errno
import ipaddress
import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import PlatformError

_LISTENING = "0A"
_FOUR = 4
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_LOOPBACK: tuple[_Address, ...] = (
    ipaddress.ip_address("127.0.0.1"),
    ipaddress.ip_address("::1"),
)
_PROC = Path("/proc")
_LONGEST = 80


def addresses(address: str) -> tuple[str, ...]:
    """Return the addresses to listen on for one that was asked for.

    Browsers take `dev.localhost` for 127.0.0.1 and ::1 alike, whatever else the gateway listens on;
    where the machine has both, whoever else listened on one of them would get what is meant for it.
    """
    asked = ipaddress.ip_address("127.0.0.1" if address == "localhost" else address)
    if isinstance(asked, ipaddress.IPv6Address) and asked.ipv4_mapped:
        asked = asked.ipv4_mapped
    others = [it for it in _LOOPBACK if it != asked and not _holds(asked, it)]
    here = [str(it) for it in others if it.version == _FOUR or _refusal(str(it), 0) is None]
    return (str(asked), *here)


def _holds(asked: _Address, loopback: _Address) -> bool:
    """Tell whether whoever listens on one address listens on another as well."""
    return asked.is_unspecified and asked.version == loopback.version


def check(address: str, port: int, ours: Path) -> None:
    """Find out whether the door can listen.

    Args:
        address: one to listen on.
        port: the port.
        ours: a path that the command line of the door's own Envoy has; a port that it has already
            is no trouble.

    Raises:
        PlatformError: it cannot; the message says why, and who is in the way.
    """
    refusal = _refusal(address, port)
    if refusal is None:
        return
    where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    match refusal:
        case errno.EADDRINUSE:
            holders = _holders(port)
            if any(str(ours) in words for words in holders.values()):
                return
            told = ", ".join(f"{_short(words)} (pid {pid})" for pid, words in holders.items())
            why = f"taken by {told or 'another program'}; stop that or choose another port"
        case errno.EACCES:
            why = "for root only; choose one above 1023"
        case errno.EADDRNOTAVAIL:
            why = "not to be had: this machine has no such address"
        case _:
            why = f"not to be had: {os.strerror(refusal)}"
    raise PlatformError(Reason.PLATFORM_ERROR, f"port {where} is {why}")


def _refusal(address: str, port: int) -> int | None:
    try:
        found = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except socket.gaierror:
        return errno.EADDRNOTAVAIL
    family, kind, protocol, _, where = found[0]
    try:
        with closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(where)
            probe.listen(1)
    except OSError as error:
        return error.errno
    return None


def _holders(port: int) -> dict[int, str]:
    """Return the command lines of the processes that listen on a port, by pid."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    pids = [int(entry.name) for entry in _PROC.iterdir() if re.fullmatch(r"\d+", entry.name)]
    return {pid: _command(pid) for pid in pids if sockets & set(_open(pid))}


def _inodes(port: int) -> list[str]:
    found: list[str] = []
    for table in ("tcp", "tcp6"):
        try:
            lines = (_PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        found += [fields[9] for fields in map(str.split, lines) if _listens(fields, port)]
    return found


def _listens(fields: Sequence[str], port: int) -> bool:
    return fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port


def _open(pid: int) -> Iterator[str]:
    folder = _PROC / str(pid) / "fd"
    # What belongs to others, ends or is closed meanwhile is no holder that could be told.
    with suppress(OSError):
        for entry in folder.iterdir():
            with suppress(OSError):
                yield str(entry.readlink())


def _command(pid: int) -> str:
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return " ".join(word.decode(errors="replace") for word in words if word)


def _short(command: str) -> str:
    return command if len(command) <= _LONGEST else f"{command[:_LONGEST]}..."
