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
from kode.platform.local.gateway import LocalGateway
from kode.platform.local.paths import Paths
from kode.platform.local.shim import procfs
from kode.platform.local.status import statuses
from kode.platform.local.status.daemon_info import DaemonInfo, find_daemon, info_path
from kode.platform.local.status.daemon_lock import EX_LOCKED, LockHeld, exclusive
from kode.platform.local.store.store import LocalStore
from kode.platform.local.supervisor.supervisor import Supervisor

ProgressCallback = Callable[[str], None]
"""Takes one line about what goes on, for people."""

_POLL_INTERVAL = 0.05
_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 60.0
_MAX_MESSAGE_CHARS = 2000
_MIN_DISK_SPACE = 2**18
"""Bytes."""


@dataclass(frozen=True)
class DaemonOptions:
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


async def start(paths: Paths, options: DaemonOptions, on_progress: ProgressCallback) -> DaemonInfo:
    """Start the platform, and wait until its gateway answers; nothing to do where it does.

    Args:
        paths: whose.
        options: how it is reached; of one that runs already they must be the same.
        on_progress: hears what goes on.

    Raises:
        PlatformError: it does not start; the message says why and what to do.
    """
    paths.check()
    if find_daemon(paths) is None:
        _check_not_inside_kode()
    child = None
    until = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < until:
        daemon = find_daemon(paths)
        if daemon:
            _check_same(daemon, options)
            if daemon.ready:
                return daemon
            if daemon.trouble:
                _check(paths, options)
        elif child is None:
            child = _StartedDaemon(paths, options, on_progress)
            until = time.monotonic() + _START_TIMEOUT
        elif child.has_met_another():
            # It met another one that begins, or one that ends: what comes of that is seen next.
            child = None
        await asyncio.sleep(_POLL_INTERVAL)
    text = f"the platform did not answer within {_START_TIMEOUT:.0f} s"
    daemon = find_daemon(paths)
    why = daemon.trouble if daemon else ""
    raise _start_error(paths, text, why or (child.last_message() if child else ""))


async def stop(paths: Paths, on_progress: ProgressCallback) -> bool:
    """End the platform and all that it runs; return whether there was anything to end.

    Raises:
        PlatformError: something could not be ended.
    """
    paths.check()
    daemon = await _end(paths, on_progress)
    left = False
    if paths.run.exists():
        # One that only just begins has told nobody yet, and holds the lock.
        daemon, left = await _cleanup(paths, on_progress, daemon)
    return bool(daemon) or left


def _remove_sockets(folder: Path) -> None:
    """Remove the folder of sockets among temporary files, once nothing runs: some leave theirs."""
    with contextlib.suppress(OSError):
        # Nobody else's, and no link to something else.
        if folder.lstat().st_uid == os.getuid() and not folder.is_symlink():
            shutil.rmtree(folder)


def log_path(paths: Paths) -> Path:
    """Return the file with the platform's own words."""
    return paths.logs / "platform" / "log"


async def _end(paths: Paths, on_progress: ProgressCallback) -> DaemonInfo | None:
    daemon = find_daemon(paths)
    if daemon:
        on_progress("stopping the platform")
        _signal(daemon, signal.SIGTERM)
        if not await _wait_until_exited(daemon, _STOP_TIMEOUT):
            _signal(daemon, signal.SIGKILL)
            await _wait_until_exited(daemon, _STOP_TIMEOUT)
    return daemon


async def _cleanup(
    paths: Paths, on_progress: ProgressCallback, daemon: DaemonInfo | None
) -> tuple[DaemonInfo | None, bool]:
    """Clear away what is left, once no platform runs there any more."""
    until = time.monotonic() + _STOP_TIMEOUT
    while True:
        try:
            with exclusive(paths):
                left = await _stop_orphans(paths, on_progress)
                info_path(paths).unlink(missing_ok=True)
                await asyncio.to_thread(_withdraw_statuses, paths, on_progress)
                if paths.sockets != paths.run:
                    _remove_sockets(paths.sockets)
                return daemon, left
        except LockHeld:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(_POLL_INTERVAL)
            daemon = await _end(paths, on_progress) or daemon


async def _stop_orphans(paths: Paths, on_progress: ProgressCallback) -> bool:
    """End what a platform that was killed has left running."""
    supervisor = Supervisor(paths, lambda _: None)
    await supervisor.recover()
    keys = supervisor.keys()
    for key in keys:
        on_progress(f"stopping {key}")
    await asyncio.gather(*(supervisor.stop(key) for key in keys))
    await supervisor.close(leave_running=False)
    return bool(keys)


def _withdraw_statuses(paths: Paths, on_progress: ProgressCallback) -> None:
    """Let no status say that something runs: whoever was killed could not do it."""
    if not paths.store.exists():
        return
    try:
        with contextlib.closing(LocalStore(paths.store)) as store:
            statuses.stop(store)
    except KodeError as error:
        # What is read by way of the platform is told right all the same.
        on_progress(f"the status of Kodes was not updated: {error}")


class _StartedDaemon:
    """A platform's program that was started just now."""

    def __init__(self, paths: Paths, options: DaemonOptions, on_progress: ProgressCallback) -> None:
        _check(paths, options)
        on_progress("starting the platform")
        file = log_path(paths)
        for folder in (paths.root, paths.logs, file.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_disk_space(paths)
        self._paths = paths
        self._from = file.stat().st_size if file.exists() else 0
        self._running = _spawn(paths, options)

    def has_met_another(self) -> bool:
        """Tell whether it met another one, and ended.

        Raises:
            PlatformError: it ended for another reason.
        """
        code = self._running.poll()
        if code in (None, EX_LOCKED):
            return code is not None
        # Whoever ended it with a signal, `kode down` for example, did not want it to run.
        why = self.last_message() or (f"signal {-code}" if code < 0 else f"exit code {code}")
        raise _start_error(self._paths, "the platform exited", why)

    def last_message(self) -> str:
        """Return the last line that it wrote."""
        try:
            with log_path(self._paths).open("rb") as stream:
                stream.seek(self._from)
                last_message = stream.read()[-_MAX_MESSAGE_CHARS:].decode("utf-8", "replace")
        except OSError:
            return ""
        lines = [line for line in last_message.splitlines() if line.strip()]
        return lines[-1].strip() if lines else ""


def _check(paths: Paths, options: DaemonOptions) -> None:
    LocalGateway(paths, options.address, options.port).check()


def _check_disk_space(paths: Paths) -> None:
    """Find out whether there is room to begin: a platform without any cannot even say so.

    Raises:
        OSError: there is none, or the folder cannot be written.
    """
    file = paths.root / f".room-{os.getpid()}"
    try:
        file.write_bytes(bytes(_MIN_DISK_SPACE))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(paths.root)) from error
    finally:
        file.unlink(missing_ok=True)


def _check_same(daemon: DaemonInfo, options: DaemonOptions) -> None:
    """Refuse to take one that runs for one that is reached otherwise.

    Raises:
        PlatformError: it is reached otherwise.
    """
    if (daemon.url, daemon.address) != (options.url, options.address):
        where = f"{daemon.url}, address {daemon.address}"
        text = f"the platform is already running, on {where}: `kode down` stops it"
        raise PlatformError(Reason.PLATFORM_ERROR, text)


def _check_not_inside_kode() -> None:
    """Refuse to start below an editor, whose end would be the platform's.

    Raises:
        PlatformError: this program runs in a Kode.
    """
    if os.environ.get(procfs.INSTANCE_VARIABLE):
        text = "this is a terminal of a Kode, and the platform would stop with the Kode: start it"
        raise PlatformError(Reason.PLATFORM_ERROR, f"{text} from another terminal")


def _spawn(paths: Paths, options: DaemonOptions) -> "subprocess.Popen[bytes]":
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    out = os.open(log_path(paths), flags, 0o600)
    command = [sys.executable, "-m", "kode.platform.local"]
    try:
        return subprocess.Popen(
            [*command, f"--address={options.address}", f"--port={options.port}"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            env=_environment(paths),
            start_new_session=True,
        )
    finally:
        os.close(out)


def _environment(paths: Paths) -> Mapping[str, str]:
    return {**os.environ, "KODE_HOME": str(paths.root), "KODE_CACHE": str(paths.cache)}


def _signal(daemon: DaemonInfo, number: int) -> None:
    if procfs.is_alive(daemon.pid, daemon.start):
        os.kill(daemon.pid, number)


async def _wait_until_exited(daemon: DaemonInfo, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while procfs.is_alive(daemon.pid, daemon.start):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(_POLL_INTERVAL)
    return True


def _start_error(paths: Paths, text: str, why: str) -> PlatformError:
    reason = f": {why}" if why else ""
    return PlatformError(Reason.PLATFORM_ERROR, f"{text}{reason} (log: {log_path(paths)})")
