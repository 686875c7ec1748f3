"""What one machine itself must give: a port, names, room, files that are nobody else's.

Rule: trying changes nothing; what is bound, written or opened is let go of at once.
"""

import asyncio
import ipaddress
import os
import shutil
import socket
import sqlite3
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import kode
from kode.cli.checks.finding import Finding, fail, ok, warn
from kode.cli.machine import existing
from kode.cli.terminal.format import format_bytes
from kode.errors import PlatformError
from kode.platform.local import daemon_control
from kode.platform.local.editors.catalog import RELEASES
from kode.platform.local.gateway import port_check
from kode.platform.local.paths import Paths
from kode.platform.local.status.daemon_info import DaemonInfo, find_daemon
from kode.platform.local.store.store import LocalStore

PORT = 8080
_LEAST_FREE = 200_000_000
_LEAST_FILES = 10_000
_HOST = "kode-doctor.localhost"
_MOST_SHOWN = 3
_TIMEOUT = 5.0
_TRIAL_BYTES = 2**20
_ELSEWHERE = "set KODE_HOME and KODE_CACHE to folders elsewhere"


def paths() -> Paths:
    """Return the paths of this platform."""
    return Paths.of(os.environ)


async def port() -> Finding:
    """The port that browsers open."""
    run = find_daemon(paths())
    if run:
        return await asyncio.to_thread(_ours, run)
    try:
        for address in port_check.addresses("127.0.0.1"):
            port_check.check(address, PORT, paths().run / "door")
            await asyncio.to_thread(_reach, address)
    except PlatformError as error:
        return warn("port", str(error), f"kode up --port {PORT + 1}")
    except OSError as error:
        words = f"{PORT} can be listened on, but is not reached: {error.strerror or error}"
        return warn("port", words, "look at the firewall of this machine, also for loopback")
    return ok("port", f"{PORT} is free: listened on it and was reached")


def _ours(run: DaemonInfo) -> Finding:
    url = urlsplit(run.url)
    door = HTTPConnection(run.address, url.port or PORT, timeout=_TIMEOUT)
    try:
        with closing(door):
            door.request("GET", "/", headers={"Host": url.netloc})
            door.getresponse()
    except (OSError, HTTPException) as error:
        words = f"{run.url} is ours, but does not answer: {run.trouble or error}"
        return fail(
            "port", words, f"kode down, then kode up; {daemon_control.log_path(paths())} says more"
        )
    return ok("port", f"{run.url} is ours, and answers")


def _reach(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    where = (address, PORT)
    with (
        socket.create_server(where, family=family) as server,
        socket.create_connection(where, timeout=_TIMEOUT),
    ):
        server.settimeout(_TIMEOUT)
        server.accept()[0].close()


async def hosts() -> Finding:
    """Names under localhost."""
    try:
        found = await asyncio.to_thread(socket.getaddrinfo, _HOST, PORT, type=socket.SOCK_STREAM)
        addresses = sorted({str(item[4][0]) for item in found})
    except OSError:
        addresses = []
    if not addresses:
        words = "*.localhost is not resolved here; browsers know it by themselves"
        return warn("names", words, "for other programs: curl --resolve, or a line in /etc/hosts")
    if not all(ipaddress.ip_address(address).is_loopback for address in addresses):
        words = f"*.localhost is {', '.join(addresses)}, which is not this machine"
        return fail("names", words, "mend the resolver: RFC 6761 asks for loopback")
    return ok("names", f"*.localhost is {', '.join(addresses)}")


async def room() -> Finding:
    """Room for files and editors."""
    words = []
    for folder in (paths().root, paths().cache):
        there = existing(folder)
        complaint = await asyncio.to_thread(_write, there)
        if complaint:
            return fail("room", f"{there}: {complaint}", f"make room in {there}, or {_ELSEWHERE}")
        free, files = shutil.disk_usage(there).free, os.statvfs(there).f_favail
        words.append(f"{folder}: {format_bytes(free)} free")
        if free < _LEAST_FREE:
            return fail("room", f"{words[-1]}, which is too little", "free some space")
        # Some file systems have no such limit, and say 0.
        if os.statvfs(there).f_files and files < _LEAST_FILES:
            return fail("room", f"{folder}: room for {files} files only", "delete some files")
    needed = max(offer.space for offer in RELEASES)
    if shutil.disk_usage(existing(paths().cache)).free < needed:
        text = f"{words[-1]}; an editor needs {format_bytes(needed)} to be installed"
        return warn("room", text, "free some space, or set KODE_CACHE")
    return ok("room", "; ".join(words))


def _write(folder: Path) -> str:
    """Write a file that has no name; return why that failed, empty where it did not."""
    try:
        if os.statvfs(folder).f_flag & os.ST_NOEXEC:
            return "programs may not be run from there (it is mounted noexec)"
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(os.urandom(_TRIAL_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return f"nothing can be written: {error.strerror}"
    return ""


async def store() -> Finding:
    """The database."""
    path = paths().store
    try:
        await asyncio.to_thread(_scratch, existing(path.parent))
    except (OSError, PlatformError) as error:
        then = f"keep it on a disk of this machine's own, with room: {_ELSEWHERE}"
        return fail("store", f"no database works in {existing(path.parent)}: {error}", then)
    if not path.exists():
        return ok("store", f"{path}: none yet; one beside it was written and read")
    if not os.access(path, os.W_OK):
        return fail("store", f"{path}: cannot be written", f"chmod u+rw {path}")
    try:
        result = await asyncio.to_thread(_quick_check, path)
    except sqlite3.Error as error:
        result = str(error)
    if result != "ok":
        then = f"kode down, move {path} away, kode up, and kode apply what you have in files"
        return fail("store", f"{path}: {result}", then)
    return ok("store", f"{path}: whole")


def _scratch(folder: Path) -> None:
    """Write and read a database in a folder, and take it away."""
    with (
        tempfile.TemporaryDirectory(prefix=".kode-doctor-", dir=folder) as name,
        closing(LocalStore(Path(name) / "kode.db")) as scratch,
    ):
        scratch.list("Kode")


def _quick_check(path: Path) -> str:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    finally:
        connection.close()


async def modes() -> Finding:
    """Who may read what is the person's own."""
    root = paths().root
    if not root.exists():
        return ok("modes", f"{root}: not there yet")
    if root.stat().st_uid != os.getuid():
        return fail("modes", f"{root} is somebody else's", f"chown -R {os.getuid()} {root}")
    if not _open(root):
        return ok("modes", f"{root}: nobody else's")
    loose = list(_loose(root))
    if not loose:
        return warn("modes", f"others may look into {root}", f"chmod 700 {root}")
    shown = ", ".join(map(str, loose[:_MOST_SHOWN]))
    return fail("modes", f"others may read {shown}", f"chmod -R go= {root}")


def _loose(root: Path) -> Iterator[Path]:
    yield from (path for path in sorted(root.glob("kode.db*")) if _open(path))


def _open(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


async def clock() -> Finding:
    """The clock."""
    # It cannot be earlier than the day on which this program was written to disk.
    written = os.stat(kode.__file__).st_mtime  # noqa: PTH116 - once, and at once
    if time.time() < written - 1:
        words = f"it is {time.strftime('%Y-%m-%d %H:%M', time.gmtime())}, before this program was"
        return warn("clock", words, "set the clock: certificates and ages depend on it")
    return ok("clock", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))
