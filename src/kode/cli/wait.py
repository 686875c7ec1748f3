"""Waiting for a Kode.

Rule: progress is shown while a command waits, and it stops waiting as soon as waiting cannot help.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from kode.cli import conditions
from kode.cli.conditions import Object
from kode.cli.errors import CommandError
from kode.cli.exit_codes import ExitCode
from kode.cli.session import Session
from kode.cli.terminal.progress import ProgressLine
from kode.errors import RefNotFound
from kode.labels import RESTARTED_AT

_POLL_INTERVAL = 0.3
_PLATFORM_TIMEOUT = 10.0
"""Seconds without a running platform after which waiting ends."""
_QUICK_RESTART = timedelta(seconds=5)
"""A restart may be over before the first poll; after this time it is taken to be."""


async def until_ready(session: Session, name: str, seconds: float) -> Object:
    """Wait until a Kode is ready; return it.

    Raises:
        CommandError: it will not start, or has not in time.
    """
    await require_running(session)
    with ProgressLine(f"waiting for {name}") as progress:
        async with _deadline(seconds, f"{name} is not ready", f"kode describe {name}"):
            return await _until(session, name, _ReadyCheck(name, progress))


async def until_suspended(session: Session, name: str, seconds: float) -> None:
    """Wait until a Kode is stopped."""
    await require_running(session)
    with ProgressLine(f"waiting for {name} to stop"):
        async with _deadline(seconds, f"{name} has not stopped", f"kode describe {name}"):
            await _until(session, name, conditions.is_suspended)


async def until_home_exists(session: Session, name: str, seconds: float) -> None:
    """Wait until a lost home volume was created again."""
    await require_running(session)
    with ProgressLine(f"waiting for the new home of {name}"):
        async with _deadline(seconds, f"{name} has no new home", f"kode describe {name}"):
            await _until(session, name, lambda kode: not conditions.home_is_gone(kode))


async def until_deleted(session: Session, kind: str, name: str, seconds: float) -> None:
    """Wait until an object is deleted."""
    with ProgressLine(f"waiting until {name} is deleted"):
        async with _deadline(seconds, f"{name} is not deleted"):
            while True:
                try:
                    await session.platform.get(kind, name, session.namespace)
                except RefNotFound:
                    return
                await asyncio.sleep(_POLL_INTERVAL)


async def require_running(session: Session) -> None:
    """Refuse to wait for a platform that is not running.

    Raises:
        CommandError: the platform on this machine is down.
    """
    if not session.is_platform_down():
        return
    raise CommandError(ExitCode.PLATFORM, "the platform on this machine is not running", "kode up")


class _ReadyCheck:
    """Whether a Kode is ready; raises when it cannot become so."""

    def __init__(self, name: str, progress: ProgressLine) -> None:
        self._name = name
        self._progress = progress

    def __call__(self, kode: Object) -> bool:
        if conditions.is_ready(kode) and _is_restarted(kode):
            return True
        if kode["spec"].get("suspend"):
            raise CommandError(
                ExitCode.NOT_READY, f"{self._name} is suspended", f"kode start {self._name}"
            )
        message = conditions.message(kode)
        if conditions.has_failed(kode):
            hint = f"kode logs {self._name}, or kode describe {self._name}"
            raise CommandError(ExitCode.NOT_READY, f"{self._name} does not start: {message}", hint)
        self._progress.update(
            f"{self._name}: {message}" if message else f"waiting for {self._name}"
        )
        return False


async def _until(session: Session, name: str, enough: Callable[[Object], bool]) -> Object:
    deadline = None
    while True:
        kode = await session.get(name)
        if enough(kode):
            return kode
        # A platform that was killed may be about to be started again.
        if not session.is_platform_down():
            deadline = None
        elif deadline is None:
            deadline = time.monotonic() + _PLATFORM_TIMEOUT
        elif time.monotonic() > deadline:
            await require_running(session)
        await asyncio.sleep(_POLL_INTERVAL)


def _is_restarted(kode: Object) -> bool:
    # A Ready from before the requested restart does not count; but a restart may be so quick that
    # Ready never changed, and then only the time that has passed shows that it is over.
    requested = _parse_time(kode["metadata"].get("annotations", {}).get(RESTARTED_AT))
    since = _parse_time(conditions.condition(kode, "Ready").get("lastTransitionTime"))
    if requested is None or since is None or since >= requested.replace(microsecond=0):
        return True
    return datetime.now(UTC) - requested > _QUICK_RESTART


def _parse_time(text: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@asynccontextmanager
async def _deadline(seconds: float, message: str, hint: str = "") -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise CommandError(ExitCode.NOT_READY, f"{message} after {seconds:g} s", hint) from None
