"""The work queue in virtual time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from kode.controllers.inputs import KodeKey
from kode.workqueue import MAX_DELAY, MIN_DELAY, WorkQueue
from tests.unit.controllers.virtual import clock, run

A, B, C = (KodeKey("team", name) for name in "abc")
Reconcile = Callable[[KodeKey], Awaitable[None]]


async def _drive(
    queue: WorkQueue[KodeKey], reconcile: Reconcile, seconds: float, workers: int = 2
) -> None:
    working = asyncio.create_task(queue.run(reconcile, workers))
    await asyncio.sleep(seconds)
    queue.stop()
    await working


def _queue() -> WorkQueue[KodeKey]:
    return WorkQueue[KodeKey](clock, jitter=lambda: 0.5)


def test_a_key_that_waits_is_not_added_twice() -> None:
    async def main() -> list[KodeKey]:
        queue, seen = _queue(), []

        async def reconcile(key: KodeKey) -> None:
            seen.append(key)

        for key in (A, B, A, A):
            queue.add(key)
        assert len(queue) == 2
        await _drive(queue, reconcile, 1)
        assert len(queue) == 0
        return seen

    assert run(main()) == [A, B]


def test_a_key_has_one_pass_at_a_time_and_one_more_when_it_was_added_meanwhile() -> None:
    async def main() -> tuple[int, int]:
        queue = _queue()
        running = most = count = 0

        async def reconcile(key: KodeKey) -> None:
            nonlocal running, most, count
            running, count = running + 1, count + 1
            most = max(most, running)
            if count == 1:
                queue.add(key)
                queue.add(key)
            await asyncio.sleep(1)
            running -= 1

        queue.add(A)
        await _drive(queue, reconcile, 10)
        return most, count

    assert run(main()) == (1, 2)


def test_no_more_passes_run_at_a_time_than_there_are_workers() -> None:
    async def main() -> int:
        queue = _queue()
        running = most = 0

        async def reconcile(_: KodeKey) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(1)
            running -= 1

        for number in range(10):
            queue.add(KodeKey("team", str(number)))
        await _drive(queue, reconcile, 20, workers=3)
        return most

    assert run(main()) == 3


def test_of_several_times_for_a_key_the_earliest_counts() -> None:
    async def main() -> list[float]:
        queue, seen = _queue(), []
        began = clock()

        async def reconcile(_: KodeKey) -> None:
            seen.append(clock() - began)

        queue.add_after(A, 30)
        queue.add_after(A, 10)
        queue.add_after(A, 20)
        await _drive(queue, reconcile, 100)
        return seen

    assert run(main()) == [10]


def test_a_time_that_is_over_means_now() -> None:
    async def main() -> int:
        queue = _queue()
        queue.add_after(A, 0)
        return len(queue)

    assert run(main()) == 1


def test_tries_grow_apart_up_to_a_limit_and_begin_anew_once_forgiven() -> None:
    async def main() -> list[float]:
        queue = _queue()
        delays = [queue.add_rate_limited(A) for _ in range(14)]
        queue.forget(A)
        return [*delays, queue.add_rate_limited(A)]

    delays = run(main())
    assert delays[:3] == [MIN_DELAY, MIN_DELAY * 2, MIN_DELAY * 4]
    assert delays[12:] == [MAX_DELAY, MAX_DELAY, MIN_DELAY]


@pytest.mark.parametrize(("number", "factor"), [(0.0, 0.75), (1.0, 1.25)])
def test_jitter_spreads_tries(number: float, factor: float) -> None:
    async def main() -> float:
        return WorkQueue[KodeKey](clock, jitter=lambda: number).add_rate_limited(A)

    assert run(main()) == MIN_DELAY * factor


def test_a_pass_that_raises_is_logged_and_tried_again_and_hurts_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> list[KodeKey]:
        queue, seen = _queue(), []

        async def reconcile(key: KodeKey) -> None:
            seen.append(key)
            if key == A and seen.count(A) == 1:
                raise ValueError("odd")

        queue.add(A)
        queue.add(B)
        await _drive(queue, reconcile, 5)
        return seen

    with caplog.at_level(logging.ERROR):
        assert run(main()) == [A, B, A]
    assert "team/a" in caplog.text


def test_a_stop_lets_running_passes_end_and_starts_no_more() -> None:
    async def main() -> list[KodeKey]:
        queue, ended = _queue(), []

        async def reconcile(key: KodeKey) -> None:
            await asyncio.sleep(5)
            ended.append(key)

        for key in (A, B, C):
            queue.add(key)
        await _drive(queue, reconcile, 1)
        return ended

    assert run(main()) == [A, B]


def test_the_longest_run_is_that_of_the_oldest_pass() -> None:
    async def main() -> list[float]:
        queue = _queue()
        seen = [queue.longest_running()]

        async def reconcile(_: KodeKey) -> None:
            await asyncio.sleep(8)
            seen.append(queue.longest_running())

        queue.add(A)
        await _drive(queue, reconcile, 1)
        return seen

    assert run(main()) == [0, 8]
