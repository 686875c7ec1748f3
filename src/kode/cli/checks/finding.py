"""What a check found.

Rule: a check that fails itself is a finding too, and keeps none of the others from their turn.
"""

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


async def look(checks: Sequence[tuple[str, Check]]) -> list[Finding]:
    """Return the finding of each check, in order."""
    found = []
    for name, check in checks:
        try:
            found.append(await check())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            words = f"the check itself failed: {type(error).__name__}: {error}"
            found.append(Finding(name, Level.FAIL, words))
    return found
