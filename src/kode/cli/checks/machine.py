"""What one machine itself must give: a port, names, room, files that are nobody else's.

Rule: looking changes nothing; what is bound or opened is let go of at once.
"""

import asyncio
import ipaddress
import os
import shutil
import socket
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import kode
from kode.cli.checks.finding import Finding, fail, ok, warn
from kode.cli.machine import existing
from kode.cli.terminal.words import amount
from kode.platform.local import daemon
from kode.platform.local.editors.catalog import OFFERS
from kode.platform.local.places import Places

PORT = 8080
_LEAST_FREE = 200_000_000
_LEAST_FILES = 10_000
_HOST = "kode-doctor.localhost"
_MOST_SHOWN = 3


def places() -> Places:
    """Return the places of this platform."""
    return Places.of(os.environ)


async def port() -> Finding:
    """The port that browsers open."""
    running = daemon.running(places())
    if running:
        return ok("port", f"{running.url} is ours")
    try:
        with socket.create_server(("127.0.0.1", PORT)):
            return ok("port", f"{PORT} is free")
    except OSError as error:
        words = f"{PORT}: {error.strerror}"
        return warn("port", words, f"kode up --port {PORT + 1}")


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
    for folder in (places().root, places().cache):
        there = existing(folder)
        free, files = shutil.disk_usage(there).free, os.statvfs(there).f_favail
        words.append(f"{folder}: {amount(free)} free")
        if free < _LEAST_FREE:
            return fail("room", f"{words[-1]}, which is too little", "free some space")
        # Some file systems have no such limit, and say 0.
        if os.statvfs(there).f_files and files < _LEAST_FILES:
            return fail("room", f"{folder}: room for {files} files only", "delete some files")
    needed = max(offer.space for offer in OFFERS)
    if shutil.disk_usage(existing(places().cache)).free < needed:
        text = f"{words[-1]}; an editor needs {amount(needed)} to be installed"
        return warn("room", text, "free some space, or set KODE_CACHE")
    return ok("room", "; ".join(words))


async def store() -> Finding:
    """The database."""
    path = places().store
    if not path.exists():
        return ok("store", f"{path}: none yet")
    try:
        result = await asyncio.to_thread(_quick_check, path)
    except sqlite3.Error as error:
        result = str(error)
    if result != "ok":
        then = f"kode down, move {path} away, kode up, and kode apply what you have in files"
        return fail("store", f"{path}: {result}", then)
    return ok("store", f"{path}: whole")


def _quick_check(path: Path) -> str:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    finally:
        connection.close()


async def modes() -> Finding:
    """Who may read what is the person's own."""
    root = places().root
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
