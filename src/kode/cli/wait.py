"""Waiting for a Kode.

Rule: whoever waits is told what is going on, and is not kept waiting for what waiting will not
bring.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from kode.cli import conditions
from kode.cli.conditions import Object
from kode.cli.exits import Exit
from kode.cli.failures import Failure
from kode.cli.session import Session
from kode.cli.terminal.progress import Progress
from kode.errors import RefNotFound
from kode.labels import RESTARTED_AT

_PAUSE = 0.3
_ABSENCE_TIMEOUT = 10.0
"""Seconds after which a platform that has ended is not waited for any more."""
_RESTARTS_WITHIN = timedelta(seconds=5)


async def ready(session: Session, name: str, seconds: float) -> Object:
    """Wait until a person can work; return the Kode.

    Raises:
        Failure: it will not start, or has not in time.
    """
    await awake(session)
    with Progress(f"waiting for {name}") as progress:
        async with _patience(seconds, f"{name} is not ready", f"kode describe {name}"):
            return await _until(session, name, _Look(name, progress))


async def suspended(session: Session, name: str, seconds: float) -> None:
    """Wait until a Kode stands still."""
    await awake(session)
    with Progress(f"waiting for {name} to stop"):
        async with _patience(seconds, f"{name} has not stopped", f"kode describe {name}"):
            await _until(session, name, conditions.is_suspended)


async def home(session: Session, name: str, seconds: float) -> None:
    """Wait until a home that was gone is made anew."""
    await awake(session)
    with Progress(f"waiting for the new home of {name}"):
        async with _patience(seconds, f"{name} has no new home", f"kode describe {name}"):
            await _until(session, name, lambda kode: not conditions.home_is_gone(kode))


async def gone(session: Session, kind: str, name: str, seconds: float) -> None:
    """Wait until an object is no more."""
    with Progress(f"waiting for {name} to be gone"):
        async with _patience(seconds, f"{name} is still there"):
            while True:
                try:
                    await session.platform.get(kind, name, session.namespace)
                except RefNotFound:
                    return
                await asyncio.sleep(_PAUSE)


async def awake(session: Session) -> None:
    """Refuse to wait for a platform that does not run.

    Raises:
        Failure: nothing would ever come.
    """
    if not session.asleep():
        return
    raise Failure(Exit.PLATFORM, "the platform on this machine does not run", "kode up")


class _Look:
    """One look after the other at a Kode that should become ready."""

    def __init__(self, name: str, progress: Progress) -> None:
        self._name = name
        self._progress = progress

    def __call__(self, kode: Object) -> bool:
        if conditions.is_ready(kode) and _restarted(kode):
            return True
        if kode["spec"].get("suspend"):
            raise Failure(Exit.NOT_READY, f"{self._name} is suspended", f"kode start {self._name}")
        said = conditions.why(kode)
        if conditions.is_hopeless(kode):
            then = f"kode logs {self._name}, or kode describe {self._name}"
            raise Failure(Exit.NOT_READY, f"{self._name} does not start: {said}", then)
        self._progress.tell(f"{self._name}: {said}" if said else f"waiting for {self._name}")
        return False


async def _until(session: Session, name: str, enough: Callable[[Object], bool]) -> Object:
    deadline = None
    while True:
        kode = await session.find(name)
        if enough(kode):
            return kode
        # A platform that was killed may be about to be started again by somebody else.
        if not session.asleep():
            deadline = None
        elif deadline is None:
            deadline = time.monotonic() + _ABSENCE_TIMEOUT
        elif time.monotonic() > deadline:
            await awake(session)
        await asyncio.sleep(_PAUSE)


def _restarted(kode: Object) -> bool:
    # An answer from before the restart that was asked for is none; but one that was so quick that
    # nobody saw the editor stand still leaves no other trace than that it is over.
    asked = _time(kode["metadata"].get("annotations", {}).get(RESTARTED_AT))
    since = _time(conditions.condition(kode, "Ready").get("lastTransitionTime"))
    if asked is None or since is None or since >= asked.replace(microsecond=0):
        return True
    return datetime.now(UTC) - asked > _RESTARTS_WITHIN


def _time(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@asynccontextmanager
async def _patience(seconds: float, message: str, then: str = "") -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Failure(Exit.NOT_READY, f"{message} after {seconds:g} s", then) from None
