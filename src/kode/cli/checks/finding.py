"""What a check found.

Rule: a check that says ok has tried what it vouches for, and leaves nothing of that. A check that
fails itself is a finding too, and keeps none of the others from their turn.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: what was looked at.
        level: how bad it is.
        words: what was seen.
        then: what to do; empty where nothing is to be done.
    """

    check: str
    level: Level
    words: str
    then: str = ""


_TELL_AFTER = 1.0
"""Seconds in which nobody wonders what takes so long."""

Check = Callable[[], Awaitable[Finding]]


def ok(check: str, words: str) -> Finding:
    """Return that all is well."""
    return Finding(check, Level.OK, words)


def warn(check: str, words: str, then: str) -> Finding:
    """Return that something is missing without which the rest works."""
    return Finding(check, Level.WARN, words, then)


def fail(check: str, words: str, then: str) -> Finding:
    """Return that something stands in the way."""
    return Finding(check, Level.FAIL, words, then)


def unknown(check: str, words: str) -> Finding:
    """Return that nobody here can tell."""
    return Finding(check, Level.UNKNOWN, words)


async def look(
    checks: Sequence[tuple[str, Check]], tell: Callable[[Sequence[str]], None] = lambda _: None
) -> list[Finding]:
    """Return the finding of each check, in order; they are made at the same time.

    Args:
        checks: names and checks.
        tell: takes the names of those that are under way, once that takes long, and whenever it
            is fewer.
    """
    tasks = {name: asyncio.create_task(_find(name, check)) for name, check in checks}
    timeout: float | None = _TELL_AFTER
    while pending := [name for name, task in tasks.items() if not task.done()]:
        if timeout is None:
            tell(pending)
        await asyncio.wait(
            [tasks[name] for name in pending],
            timeout=timeout,
            return_when=asyncio.FIRST_COMPLETED if timeout is None else asyncio.ALL_COMPLETED,
        )
        timeout = None
    return [task.result() for task in tasks.values()]


async def _find(name: str, check: Check) -> Finding:
    try:
        return await check()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        words = f"the check itself failed: {type(error).__name__}: {error}"
        return Finding(name, Level.FAIL, words)
