"""A loop whose clock jumps to the next thing that waits: minutes pass in no time.

Rule: nothing here waits for real time, so a test that would wait for ever fails instead.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    """Instead of waiting, moves the clock."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found:
            assert timeout is not None, "everything waits for something that never comes"
            self._advance(timeout)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop with a clock of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        super().__init__(_Selector(self.advance))

    def time(self) -> float:
        """Return the seconds of the virtual clock."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += max(seconds, 0.0)


def clock() -> float:
    """Return the time of the running loop."""
    return asyncio.get_running_loop().time()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time; tasks that are left are cancelled."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
