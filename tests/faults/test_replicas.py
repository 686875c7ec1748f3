"""Two replicas: at no time do both write, whatever becomes of the one that does.

Rule: who wrote when is seen by a proxy before each replica, not told by the replicas.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.conftest import World
from tests.faults.place import Place, until
from tests.faults.proxy import Fault, Rule, Seen
from tests.faults.replica import Replica, holder
from tests.faults.steps import CREATE, RESUME, SUSPEND, Step, told

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

_LEASE_SECONDS = 15
_SOON = 5


async def test_only_one_of_two_replicas_writes(world: World) -> None:
    async with world.replica("one") as one, world.replica("two") as two:
        one.start()
        two.start()
        places = [await world.place() for _ in range(4)]
        await asyncio.gather(*(told(place, [CREATE, SUSPEND, RESUME]) for place in places))
        assert bool(one.proxy.writes) != bool(two.proxy.writes)
    await world.bury()


async def test_a_killed_leader_is_followed_by_the_other(world: World) -> None:
    async with _pair(world) as (one, two, places):
        await _busy(one, places)
        one.kill()
        killed = time.monotonic()
        await _all_ready(places)
        first = min(seen.at for seen in two.proxy.writes)
        # Requests that the dead had sent already may reach the proxy after its end.
        assert max(seen.at for seen in one.proxy.writes) < min(first, killed + _SOON)
        # Not before the lease has run out: the dead might have been merely slow.
        assert first > killed + _LEASE_SECONDS - _SOON - 1
        assert first < killed + _LEASE_SECONDS + 2 * _SOON


async def test_a_leader_that_ends_hands_over_at_once(world: World) -> None:
    async with _pair(world) as (one, two, places):
        await _busy(one, places)
        await one.stop()
        ended = time.monotonic()
        await _all_ready(places)
        first = min(seen.at for seen in two.proxy.writes)
        assert max(seen.at for seen in one.proxy.writes) < first
        # Long before the lease would have run out, however slow the machine is.
        assert first < ended + _LEASE_SECONDS - _SOON + 1


async def test_a_leader_that_hung_writes_nothing_when_it_comes_back(world: World) -> None:
    async with _pair(world) as (one, two, places):
        thawed = asyncio.Event()
        one.proxy.rule = _freeze_after(one, 10, thawed)
        for place in places:
            await CREATE.act(place)
        await _all_ready(places)
        assert two.proxy.writes
        before = len(one.proxy.writes)
        # It comes back in the middle of a pass, with answers waiting and more to write.
        one.proxy.rule = lambda _: None
        thawed.set()
        one.thaw()
        await asyncio.sleep(_SOON)
        for place in places:
            await told(place, [SUSPEND])
        assert len(one.proxy.writes) == before
        # And it is of use again: it follows when the other ends.
        await two.stop()
        await told(places[0], [RESUME])
        assert len(one.proxy.writes) > before


def _freeze_after(replica: Replica, count: int, thawed: asyncio.Event) -> Rule:
    """Return a rule that freezes a replica with its writes carried out and not yet answered."""
    seen_writes = 0

    async def freeze() -> None:
        replica.freeze()
        await thawed.wait()

    def rule(seen: Seen) -> Fault | None:
        nonlocal seen_writes
        seen_writes += seen.writes and not seen.about_lease
        return Fault(then=freeze) if seen_writes >= count and seen.writes else None

    return rule


@asynccontextmanager
async def _pair(world: World) -> AsyncIterator[tuple[Replica, Replica, list[Place]]]:
    """Run two replicas, of which the first leads, with four places to work in."""
    async with world.replica("one") as one, world.replica("two") as two:
        await _lead(world, one)
        two.start()
        yield one, two, [await world.place() for _ in range(4)]
    await world.bury()


async def _busy(replica: Replica, places: list[Place]) -> None:
    """Make a Kode in each place and wait until the replica is in the middle of its work."""
    for place in places:
        await CREATE.act(place)
    await until(lambda: _has_written(replica, 10), "the leader in the middle of its work")


async def _lead(world: World, replica: Replica) -> None:
    """Start a replica and wait until it holds the lease."""
    replica.start()

    async def led() -> bool:
        return bool(await holder(world.api, world.installation.account))

    await until(led, "a leader")


async def _has_written(replica: Replica, count: int) -> bool:
    return len(replica.proxy.writes) >= count


async def _all_ready(places: list[Place]) -> None:
    await asyncio.gather(*(told(place, [Step(_nothing, CREATE.done)]) for place in places))


async def _nothing(_: Place) -> None:
    """Do nothing."""
