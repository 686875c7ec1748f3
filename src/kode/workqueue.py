"""The one work queue: keys, each waiting at most once.

Rule: one reconcile a key at a time, and never fewer than needed: a key that is added while it is
reconciled is reconciled once more after that. The verbs are those of client-go's workqueue.
"""

import asyncio
import contextlib
import heapq
import itertools
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
_LOG = logging.getLogger(__name__)

MIN_DELAY = 0.5
"""Seconds before a key that failed once is tried again, before jitter."""
MAX_DELAY = 300.0
"""Seconds between tries at most, before jitter."""
_JITTER = 0.25


class WorkQueue(Generic[K]):
    """Keys that wait, ready ones in the order in which they came."""

    def __init__(
        self, clock: Callable[[], float], jitter: Callable[[], float] = random.random
    ) -> None:
        """Make an empty queue.

        Args:
            clock: monotonic seconds.
            jitter: numbers from 0 to 1 that spread retries.
        """
        self._clock = clock
        self._jitter = jitter
        self._ready: deque[K] = deque()
        self._waiting: set[K] = set()
        """Keys in _ready."""
        self._running: dict[K, float] = {}
        """Keys being reconciled, with the time of the start."""
        self._again: set[K] = set()
        """Keys to add when their reconcile ends."""
        self._later: dict[K, float] = {}
        """Keys to add at a time; of several times the earliest."""
        self._heap: list[tuple[float, int, K]] = []
        self._order = itertools.count()
        self._failures: dict[K, int] = {}
        self._changed = asyncio.Event()
        self._stopping = False

    def __len__(self) -> int:
        """Return how many keys wait or run, those for later not counted."""
        return len(self._waiting) + len(self._running)

    def add(self, key: K) -> None:
        """Have a key reconciled now."""
        if key in self._running:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.append(key)
            self._changed.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Have a key reconciled after a while; of several times the earliest counts."""
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock() + seconds
        if due < self._later.get(key, float("inf")):
            self._later[key] = due
            heapq.heappush(self._heap, (due, next(self._order), key))
            self._changed.set()

    def add_rate_limited(self, key: K) -> float:
        """Have a key that failed reconciled after its backoff; return the seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(MIN_DELAY * 2.0 ** min(failures, 30), MAX_DELAY)
        delay *= 1 + _JITTER * (2 * self._jitter() - 1)
        self.add_after(key, delay)
        return delay

    def forget(self, key: K) -> None:
        """Forget the failures of a key whose reconcile succeeded."""
        self._failures.pop(key, None)

    def longest_running(self) -> float:
        """Return for how many seconds the oldest running reconcile has run; 0 where none runs."""
        return self._clock() - min(self._running.values()) if self._running else 0.0

    async def run(self, reconcile: Callable[[K], Awaitable[None]], workers: int) -> None:
        """Reconcile ready keys until stopped, then wait for those that run.

        Args:
            reconcile: reconciles one key; it reports its own failures and should not raise.
            workers: how many at a time.
        """
        async with asyncio.TaskGroup() as group:
            while not self._stopping:
                self._wake()
                while self._ready and len(self._running) < workers:
                    group.create_task(self._reconcile(self._take(), reconcile))
                self._changed.clear()
                await self._sleep()

    def stop(self) -> None:
        """Begin no more."""
        self._stopping = True
        self._changed.set()

    def _take(self) -> K:
        key = self._ready.popleft()
        self._waiting.discard(key)
        self._running[key] = self._clock()
        return key

    async def _reconcile(self, key: K, reconcile: Callable[[K], Awaitable[None]]) -> None:
        try:
            await reconcile(key)
        except Exception:  # noqa: BLE001 - see below
            # Nothing is known about what failed, but other keys must not suffer from it.
            _LOG.exception("unexpected error in reconcile of %s", key)
            self.add_rate_limited(key)
        finally:
            del self._running[key]
            if key in self._again:
                self._again.discard(key)
                self.add(key)
            self._changed.set()

    async def _sleep(self) -> None:
        timeout = self._heap[0][0] - self._clock() if self._heap else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._changed.wait()

    def _wake(self) -> None:
        now = self._clock()
        while self._heap and self._heap[0][0] <= now:
            due, _, key = heapq.heappop(self._heap)
            # An entry that an earlier one has overtaken stays in the heap and means nothing.
            if self._later.get(key) == due:
                del self._later[key]
                self.add(key)
