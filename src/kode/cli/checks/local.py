"""Checks of this machine: port, name resolution, disk, permissions, clock.

Rule: a test changes nothing; what it binds, writes or opens is released at once.
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
from kode.cli.checks.result import CheckResult, fail, ok, warn
from kode.cli.local_status import nearest_folder
from kode.cli.terminal.format import format_bytes
from kode.errors import PlatformError
from kode.platform.local import daemon_control
from kode.platform.local.editors.catalog import RELEASES
from kode.platform.local.gateway import port_check
from kode.platform.local.paths import Paths
from kode.platform.local.status.daemon_info import DaemonInfo, find_daemon
from kode.platform.local.store.store import LocalStore

PORT = 8080
_MIN_FREE_BYTES = 200_000_000
_MIN_FREE_FILES = 10_000
_HOST = "kode-doctor.localhost"
_MAX_SHOWN = 3
_TIMEOUT = 5.0
_TRIAL_BYTES = 2**20
_ELSEWHERE = "set KODE_HOME and KODE_CACHE to folders on another disk"


def paths() -> Paths:
    """Return the folders of the local platform."""
    return Paths.of(os.environ)


async def port() -> CheckResult:
    """Whether the platform's port is free, or answered by the platform."""
    run = find_daemon(paths())
    if run:
        return await asyncio.to_thread(_check_platform, run)
    try:
        for address in port_check.addresses("127.0.0.1"):
            port_check.check(address, PORT, paths().run / "door")
            await asyncio.to_thread(_connect, address)
    except PlatformError as error:
        return warn("port", str(error), f"kode up --port {PORT + 1}")
    except OSError as error:
        message = f"{PORT} is free, but connections to it fail: {error.strerror or error}"
        return warn("port", message, "check this machine's firewall rules, also for loopback")
    return ok("port", f"{PORT} is free: listening and connecting work")


def _check_platform(run: DaemonInfo) -> CheckResult:
    url = urlsplit(run.url)
    connection = HTTPConnection(run.address, url.port or PORT, timeout=_TIMEOUT)
    try:
        with closing(connection):
            connection.request("GET", "/", headers={"Host": url.netloc})
            connection.getresponse()
    except (OSError, HTTPException) as error:
        message = f"the platform at {run.url} does not answer: {run.trouble or error}"
        return fail(
            "port",
            message,
            f"kode down, then kode up; the log is {daemon_control.log_path(paths())}",
        )
    return ok("port", f"the platform at {run.url} answers")


def _connect(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    endpoint = (address, PORT)
    with (
        socket.create_server(endpoint, family=family) as server,
        socket.create_connection(endpoint, timeout=_TIMEOUT),
    ):
        server.settimeout(_TIMEOUT)
        server.accept()[0].close()


async def dns() -> CheckResult:
    """Whether names under localhost resolve to loopback."""
    try:
        infos = await asyncio.to_thread(socket.getaddrinfo, _HOST, PORT, type=socket.SOCK_STREAM)
        addresses = sorted({str(info[4][0]) for info in infos})
    except OSError:
        addresses = []
    if not addresses:
        message = "*.localhost does not resolve on this machine; browsers resolve it themselves"
        return warn("dns", message, "for other programs: curl --resolve, or a line in /etc/hosts")
    if not all(ipaddress.ip_address(address).is_loopback for address in addresses):
        message = f"*.localhost resolves to {', '.join(addresses)}, which is not this machine"
        return fail("dns", message, "fix the resolver: RFC 6761 requires a loopback address")
    return ok("dns", f"*.localhost resolves to {', '.join(addresses)}")


async def disk() -> CheckResult:
    """Whether files can be written, and disk space suffices."""
    texts = []
    for folder in (paths().root, paths().cache):
        parent = nearest_folder(folder)
        problem = await asyncio.to_thread(_write, parent)
        if problem:
            hint = f"make {parent} writable and free some space, or {_ELSEWHERE}"
            return fail("disk", f"{parent}: {problem}", hint)
        free, files = shutil.disk_usage(parent).free, os.statvfs(parent).f_favail
        texts.append(f"{folder}: {format_bytes(free)} free")
        if free < _MIN_FREE_BYTES:
            message = f"{texts[-1]}, at least {format_bytes(_MIN_FREE_BYTES)} needed"
            return fail("disk", message, f"free some space, or {_ELSEWHERE}")
        # Some file systems have no such limit, and report 0.
        if os.statvfs(parent).f_files and files < _MIN_FREE_FILES:
            message = f"{folder}: only {files} more files (inodes) possible"
            return fail("disk", message, f"delete some files, or {_ELSEWHERE}")
    needed = max(offer.space for offer in RELEASES)
    if shutil.disk_usage(nearest_folder(paths().cache)).free < needed:
        text = f"{texts[-1]}; installing an editor needs {format_bytes(needed)}"
        return warn("disk", text, "free some space, or set KODE_CACHE to a folder on another disk")
    return ok("disk", "; ".join(texts))


def _write(folder: Path) -> str:
    """Write an unnamed file; return why that failed, empty where it did not."""
    try:
        if os.statvfs(folder).f_flag & os.ST_NOEXEC:
            return "programs cannot be run from there (mounted noexec)"
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(os.urandom(_TRIAL_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return f"cannot write: {error.strerror}"
    return ""


async def database() -> CheckResult:
    """Whether the database can be written, and is intact."""
    path = paths().store
    try:
        await asyncio.to_thread(_scratch, nearest_folder(path.parent))
    except (OSError, PlatformError) as error:
        hint = f"use a local disk with free space: {_ELSEWHERE}"
        message = f"cannot create a database in {nearest_folder(path.parent)}: {error}"
        return fail("database", message, hint)
    if not path.exists():
        return ok("database", f"{path} does not exist yet; a test database works")
    if not os.access(path, os.W_OK):
        return fail("database", f"{path} is not writable", f"chmod u+rw {path}")
    try:
        result = await asyncio.to_thread(_quick_check, path)
    except sqlite3.Error as error:
        result = str(error)
    if result != "ok":
        hint = f"kode down, move {path} away, kode up, then kode apply your files again"
        return fail("database", f"{path} is damaged: {result}", hint)
    return ok("database", f"{path} is intact")


def _scratch(folder: Path) -> None:
    """Write and read a database in a folder, and delete it."""
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


async def permissions() -> CheckResult:
    """Whether other users can read the platform's files."""
    root = paths().root
    if not root.exists():
        return ok("permissions", f"{root} does not exist yet")
    if root.stat().st_uid != os.getuid():
        message = f"{root} belongs to another user"
        return fail("permissions", message, f"chown -R {os.getuid()} {root}")
    if not _is_accessible_to_others(root):
        return ok("permissions", f"{root} is accessible to its owner only")
    loose = list(_readable_files(root))
    if not loose:
        return warn("permissions", f"other users can list {root}", f"chmod 700 {root}")
    shown = ", ".join(map(str, loose[:_MAX_SHOWN]))
    return fail("permissions", f"other users can read {shown}", f"chmod -R go= {root}")


def _readable_files(root: Path) -> Iterator[Path]:
    yield from (path for path in sorted(root.glob("kode.db*")) if _is_accessible_to_others(path))


def _is_accessible_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


async def clock() -> CheckResult:
    """Whether the system clock can be right."""
    # It cannot be earlier than the day on which this program was written to disk.
    written = os.stat(kode.__file__).st_mtime  # noqa: PTH116 - once, and at once
    if time.time() < written - 1:
        now = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
        message = f"system clock is wrong: {now} is before this program was installed"
        return warn("clock", message, "set the clock; certificates and ages depend on it")
    return ok("clock", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))
