"""The platform's own program as seen from outside: is it there, start it, end it.

Rule: there is one at most (a lock says so); when it is ended nothing of it runs and nothing
listens, also where it had been killed before and only its editors were left.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import KodeError, PlatformError
from kode.platform.local import statuses
from kode.platform.local.gateway import LocalGateway
from kode.platform.local.lock import TAKEN, Taken, alone
from kode.platform.local.places import Places
from kode.platform.local.running import Running, record, running
from kode.platform.local.store.store import Store
from kode.platform.local.supervisor import Supervisor, proc

Tell = Callable[[str], None]
"""Takes one line about what goes on, for people."""

_LOOK_EVERY = 0.05
_STARTS_WITHIN = 60.0
_ENDS_WITHIN = 60.0
_LAST_WORDS = 2000
_LEAST_ROOM = 2**18
"""Bytes."""


@dataclass(frozen=True)
class Options:
    """How a platform is reached.

    Attributes:
        address: address to listen on; anything but loopback must be asked for.
        port: TCP port to listen on.
    """

    address: str = "127.0.0.1"
    port: int = 8080

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://localhost:{self.port}"


async def start(places: Places, options: Options, told: Tell) -> Running:
    """Start the platform, and wait until its door answers; nothing to do where it does.

    Args:
        places: whose.
        options: how it is reached; of one that runs already they must be the same.
        told: hears what goes on.

    Raises:
        PlatformError: it does not start; the message says why and what to do.
    """
    places.check()
    if running(places) is None:
        _check_outside()
    child = None
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until:
        found = running(places)
        if found:
            _check_same(found, options)
            if found.ready:
                return found
            if found.trouble:
                _check(places, options)
        elif child is None:
            child = _Child(places, options, told)
            until = time.monotonic() + _STARTS_WITHIN
        elif child.ended():
            # It met another one that begins, or one that ends: what comes of that is seen next.
            child = None
        await asyncio.sleep(_LOOK_EVERY)
    text = f"the platform did not answer within {_STARTS_WITHIN:.0f} s"
    found = running(places)
    why = found.trouble if found else ""
    raise _failed(places, text, why or (child.words() if child else ""))


async def stop(places: Places, told: Tell) -> bool:
    """End the platform and all that it runs; return whether there was anything to end.

    Raises:
        PlatformError: something could not be ended.
    """
    places.check()
    found = await _end(places, told)
    left = False
    if places.run.exists():
        # One that only just begins has told nobody yet, and holds the lock.
        found, left = await _clear(places, told, found)
    return bool(found) or left


def _remove_sockets(folder: Path) -> None:
    """Remove the folder of sockets among temporary files, once nothing runs: some leave theirs."""
    with contextlib.suppress(OSError):
        # Nobody else's, and no link to something else.
        if folder.lstat().st_uid == os.getuid() and not folder.is_symlink():
            shutil.rmtree(folder)


def log(places: Places) -> Path:
    """Return the file with the platform's own words."""
    return places.logs / "platform" / "log"


async def _end(places: Places, told: Tell) -> Running | None:
    found = running(places)
    if found:
        told("stopping the platform")
        _signal(found, signal.SIGTERM)
        if not await _gone(found, _ENDS_WITHIN):
            _signal(found, signal.SIGKILL)
            await _gone(found, _ENDS_WITHIN)
    return found


async def _clear(places: Places, told: Tell, found: Running | None) -> tuple[Running | None, bool]:
    """Clear away what is left, once no platform runs there any more."""
    until = time.monotonic() + _ENDS_WITHIN
    while True:
        try:
            with alone(places):
                left = await _stop_left(places, told)
                record(places).unlink(missing_ok=True)
                await asyncio.to_thread(_take_back, places, told)
                if places.sockets != places.run:
                    _remove_sockets(places.sockets)
                return found, left
        except Taken:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(_LOOK_EVERY)
            found = await _end(places, told) or found


async def _stop_left(places: Places, told: Tell) -> bool:
    """End what a platform that was killed has left running."""
    supervisor = Supervisor(places, lambda _: None)
    await supervisor.adopt()
    keys = supervisor.keys()
    for key in keys:
        told(f"stopping {key}")
    await asyncio.gather(*(supervisor.unwant(key) for key in keys))
    await supervisor.close(leave_running=False)
    return bool(keys)


def _take_back(places: Places, told: Tell) -> None:
    """Let no status say that something runs: whoever was killed could not do it."""
    if not places.store.exists():
        return
    try:
        with contextlib.closing(Store(places.store)) as store:
            statuses.stop(store)
    except KodeError as error:
        # What is read by way of the platform is told right all the same.
        told(f"what Kodes are told to be stays as it was: {error}")


class _Child:
    """A platform's program that was started just now."""

    def __init__(self, places: Places, options: Options, told: Tell) -> None:
        _check(places, options)
        told("starting the platform")
        file = log(places)
        for folder in (places.root, places.logs, file.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_room(places)
        self._places = places
        self._from = file.stat().st_size if file.exists() else 0
        self._running = _spawn(places, options)

    def ended(self) -> bool:
        """Tell whether it met another one, and ended.

        Raises:
            PlatformError: it ended for another reason.
        """
        code = self._running.poll()
        if code in (None, TAKEN):
            return code is not None
        # Whoever ended it with a signal, `kode down` for example, did not want it to run.
        why = self.words() or (f"signal {-code}" if code < 0 else f"exit code {code}")
        raise _failed(self._places, "the platform ended", why)

    def words(self) -> str:
        """Return the last line that it wrote."""
        try:
            with log(self._places).open("rb") as stream:
                stream.seek(self._from)
                words = stream.read()[-_LAST_WORDS:].decode("utf-8", "replace")
        except OSError:
            return ""
        lines = [line for line in words.splitlines() if line.strip()]
        return lines[-1].strip() if lines else ""


def _check(places: Places, options: Options) -> None:
    LocalGateway(places, options.address, options.port).check()


def _check_room(places: Places) -> None:
    """Find out whether there is room to begin: a platform without any cannot even say so.

    Raises:
        OSError: there is none, or the folder cannot be written.
    """
    file = places.root / f".room-{os.getpid()}"
    try:
        file.write_bytes(bytes(_LEAST_ROOM))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(places.root)) from error
    finally:
        file.unlink(missing_ok=True)


def _check_same(found: Running, options: Options) -> None:
    """Refuse to take one that runs for one that is reached otherwise.

    Raises:
        PlatformError: it is reached otherwise.
    """
    if (found.url, found.address) != (options.url, options.address):
        where = f"{found.url}, address {found.address}"
        text = f"the platform runs already, on {where}: `kode down` ends it"
        raise PlatformError(Reason.PLATFORM_ERROR, text)


def _check_outside() -> None:
    """Refuse to start below an editor, whose end would be the platform's.

    Raises:
        PlatformError: this program runs in a Kode.
    """
    if os.environ.get(proc.TAG):
        text = "this is a Kode's own terminal, and the platform would end with the Kode: start it"
        raise PlatformError(Reason.PLATFORM_ERROR, f"{text} from a terminal of the machine")


def _spawn(places: Places, options: Options) -> "subprocess.Popen[bytes]":
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    out = os.open(log(places), flags, 0o600)
    command = [sys.executable, "-m", "kode.platform.local"]
    try:
        return subprocess.Popen(
            [*command, f"--address={options.address}", f"--port={options.port}"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            env=_environment(places),
            start_new_session=True,
        )
    finally:
        os.close(out)


def _environment(places: Places) -> Mapping[str, str]:
    return {**os.environ, "KODE_HOME": str(places.root), "KODE_CACHE": str(places.cache)}


def _signal(found: Running, number: int) -> None:
    if proc.lives(found.pid, found.start):
        os.kill(found.pid, number)


async def _gone(found: Running, within: float) -> bool:
    until = time.monotonic() + within
    while proc.lives(found.pid, found.start):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(_LOOK_EVERY)
    return True


def _failed(places: Places, text: str, why: str) -> PlatformError:
    words = f": {why}" if why else ""
    return PlatformError(Reason.PLATFORM_ERROR, f"{text}{words} (log: {log(places)})")
