"""The platform's own program as seen from outside: is it there, start it, end it.

Rule: there is one at most (a lock says so); when it is ended nothing of it runs and nothing
listens, also where it had been killed before and only its editors were left.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.platform.local.door import Door
from kode.platform.local.places import Places
from kode.platform.local.supervisor import Supervisor, proc

Tell = Callable[[str], None]
"""Takes one line about what goes on, for people."""

_LOOK_EVERY = 0.05
_STARTS_WITHIN = 60.0
_ENDS_WITHIN = 60.0
_LAST_WORDS = 2000


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


@dataclass(frozen=True)
class Running:
    """A platform that runs.

    Attributes:
        pid: of its program.
        start: clock ticks between boot and its start.
        url: where a browser finds it.
        since: seconds since the epoch.
        version: of the product.
        ready: whether its door answers.
    """

    pid: int
    start: int
    url: str
    since: float
    version: str
    ready: bool = False


def record(places: Places) -> Path:
    """Return the file in which a platform writes that it runs."""
    return places.run / "platform.json"


def running(places: Places) -> Running | None:
    """Return the platform that runs; None where none does."""
    try:
        found = Running(**json.loads(record(places).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return found if proc.lives(found.pid, found.start) else None


async def start(places: Places, options: Options, told: Tell) -> Running:
    """Start the platform, and wait until its door answers; nothing to do where it does.

    Args:
        places: whose.
        options: how it is reached; of one that runs already they must be the same.
        told: hears what goes on.

    Raises:
        PlatformError: it does not start; the message says why and what to do.
    """
    found = running(places)
    if found and found.url != options.url:
        text = f"the platform runs already, on {found.url}: `kode down` ends it"
        raise PlatformError(Reason.PLATFORM_ERROR, text)
    child = None
    if found is None:
        _check_outside()
        Door(places, options.address, options.port).check()
        told("starting the platform")
        child = _spawn(places, options)
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until:
        found = running(places)
        if found and found.ready:
            return found
        if child is not None and child.poll() is not None:
            raise _failed(places, f"the platform ended with exit code {child.returncode}")
        await asyncio.sleep(_LOOK_EVERY)
    raise _failed(places, f"the platform did not answer within {_STARTS_WITHIN:.0f} s")


async def stop(places: Places, told: Tell) -> bool:
    """End the platform and all that it runs; return whether there was anything to end.

    Raises:
        PlatformError: something could not be ended.
    """
    found = running(places)
    if found:
        told("stopping the platform")
        _signal(found, signal.SIGTERM)
        if not await _gone(found, _ENDS_WITHIN):
            _signal(found, signal.SIGKILL)
            await _gone(found, _ENDS_WITHIN)
    left = await _stop_left(places, told) if places.run.exists() else False
    record(places).unlink(missing_ok=True)
    if places.sockets != places.run:
        with contextlib.suppress(OSError):
            places.sockets.rmdir()
    return bool(found) or left


def log(places: Places) -> Path:
    """Return the file with the platform's own words."""
    return places.logs / "platform" / "log"


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


def _check_outside() -> None:
    """Refuse to start below an editor, whose end would be the platform's.

    Raises:
        PlatformError: this program runs in a Kode.
    """
    if os.environ.get(proc.TAG):
        text = "this is a Kode's own terminal, and the platform would end with the Kode: start it"
        raise PlatformError(Reason.PLATFORM_ERROR, f"{text} from a terminal of the machine")


def _spawn(places: Places, options: Options) -> "subprocess.Popen[bytes]":
    file = log(places)
    for folder in (places.root, places.logs, file.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    out = os.open(file, flags, 0o600)
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


def _failed(places: Places, text: str) -> PlatformError:
    try:
        words = log(places).read_text(encoding="utf-8", errors="replace")[-_LAST_WORDS:]
    except OSError:
        words = ""
    lines = [line for line in words.splitlines() if line.strip()]
    last = f": {lines[-1].strip()}" if lines else ""
    return PlatformError(Reason.PLATFORM_ERROR, f"{text}{last} (log: {log(places)})")
