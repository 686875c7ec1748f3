"""The result of a check.

Rule: a check that says ok has tested what it reports, and leaves no trace of the test. A check that
raises is a failed result, and the other checks run all the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How severe a result is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Attributes:
        check: the name of the check.
        level: how severe it is.
        message: what was observed.
        hint: what to do; empty where there is nothing to do.
    """

    check: str
    level: Level
    message: str
    hint: str = ""


_PROGRESS_DELAY = 1.0
"""Seconds before the checks that are still running are shown."""

Check = Callable[[], Awaitable[CheckResult]]


def ok(check: str, message: str) -> CheckResult:
    """Return the result of a check that passed."""
    return CheckResult(check, Level.OK, message)


def warn(check: str, message: str, hint: str) -> CheckResult:
    """Return that something is missing which not everything needs."""
    return CheckResult(check, Level.WARN, message, hint)


def fail(check: str, message: str, hint: str) -> CheckResult:
    """Return that something prevents Kode from working."""
    return CheckResult(check, Level.FAIL, message, hint)


def unknown(check: str, message: str) -> CheckResult:
    """Return that the check cannot be made from here."""
    return CheckResult(check, Level.UNKNOWN, message)


async def run_checks(
    checks: Sequence[tuple[str, Check]],
    on_progress: Callable[[Sequence[str]], None] = lambda _: None,
) -> list[CheckResult]:
    """Return the result of each check, in order; they run at the same time.

    Args:
        checks: names and checks.
        on_progress: takes the names of those that still run, once that takes long, and whenever
            there are fewer.
    """
    tasks = {name: asyncio.create_task(_run_check(name, check)) for name, check in checks}
    timeout: float | None = _PROGRESS_DELAY
    while pending := [name for name, task in tasks.items() if not task.done()]:
        if timeout is None:
            on_progress(pending)
        await asyncio.wait(
            [tasks[name] for name in pending],
            timeout=timeout,
            return_when=asyncio.FIRST_COMPLETED if timeout is None else asyncio.ALL_COMPLETED,
        )
        timeout = None
    return [task.result() for task in tasks.values()]


async def _run_check(name: str, check: Check) -> CheckResult:
    try:
        return await check()
    except Exception as error:  # noqa: BLE001 - any error of a check is its result
        message = f"the check itself failed: {type(error).__name__}: {error}"
        return CheckResult(name, Level.FAIL, message)
