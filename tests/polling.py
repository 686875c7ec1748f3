"""Waiting for what comes by itself, and ports to wait on."""

import asyncio
import inspect
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, closing

TIMEOUT = 240.0
"""Seconds; ample, so that a busy machine fails no test."""
_INTERVAL = 0.05
_ASYNC_INTERVAL = 0.02


def until(
    holds: Callable[[], object], what: str | Callable[[], str] = "", timeout: float = TIMEOUT
) -> None:
    """Wait until something holds.

    Args:
        holds: whether it does.
        what: what is said where it never does, or gives it then.
        timeout: seconds.
    """
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, _message(what, timeout)
        time.sleep(_INTERVAL)


async def until_async(
    holds: Callable[[], object],
    what: str | Callable[[], str] = "",
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - as of its sibling
) -> None:
    """Wait in an event loop until something holds, which may be said by a coroutine."""
    deadline = time.monotonic() + timeout
    while True:
        answer = holds()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return
        assert time.monotonic() < deadline, _message(what, timeout)
        await asyncio.sleep(_ASYNC_INTERVAL)


def free_port() -> int:
    """Return a port of loopback that nobody has."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return different ports of loopback that nobody has."""
    with ExitStack() as stack:
        probes = [stack.enter_context(closing(socket.socket())) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _message(what: str | Callable[[], str], timeout: float) -> str:
    return f"not within {timeout:g} s: {what if isinstance(what, str) else what()}"
