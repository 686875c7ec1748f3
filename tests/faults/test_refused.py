"""The API server refuses, fails, forgets, hangs up and cuts watches.

Rule: whatever it does, once it answers again the world is as if it always had; and until then the
operator does not make things worse by asking again and again.
"""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from tests.faults.conftest import Installation, World, visited
from tests.faults.place import Place, Snapshot, until
from tests.faults.proxy import Fault, Seen
from tests.faults.steps import CREATE, EDIT_TEMPLATE, RESUME, SUSPEND, Step, at_rest, told

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

_GONE = {"code": 410, "reason": "Expired", "message": "too old resource version"}


def _status(code: int, reason: str) -> str:
    found = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {}}
    return json.dumps({**found, "code": code, "reason": reason, "message": "as the test wants it"})


CONFLICT = Fault(status=409, body=_status(409, "Conflict"))
BUSY = Fault(status=429, headers={"Retry-After": "1"}, body=_status(429, "TooManyRequests"))
BROKEN = Fault(status=500, body=_status(500, "InternalError"))
AWAY = Fault(status=503, body="upstream connect error")
CUT = Fault(drop=True)
LOST = Fault(drop=True, forward=True)
LATE = Fault(status=504, forward=True, body=_status(504, "Timeout"))
WATCH_CUT = Fault(after=1.5)
WATCH_REFUSED = Fault(status=410, body=_status(410, "Expired"))
WATCH_EXPIRED = Fault(
    after=1.0, body=json.dumps({"type": "ERROR", "object": {"kind": "Status", **_GONE}}) + "\n"
)


@dataclass
class Trouble:
    """A schedule: each kind of request has its own faults, in turn, the same in every run."""

    writes: Iterator[Fault | None]
    reads: Iterator[Fault | None]
    watches: Iterator[Fault | None]
    done: Counter[str] = field(default_factory=Counter)

    def __call__(self, seen: Seen) -> Fault | None:
        if seen.about_lease:
            return None
        kind = "watches" if seen.watches else "writes" if seen.writes else "reads"
        fault: Fault | None = next(getattr(self, kind))
        self.done[kind] += fault is not None
        return fault


FAULTS = {
    "409": CONFLICT,
    "429": BUSY,
    "500": BROKEN,
    "503": AWAY,
    "connection cut": CUT,
    "answer lost": LOST,
    "504 though carried out": LATE,
}


def _everything() -> Trouble:
    return Trouble(
        writes=itertools.cycle([CONFLICT, None, BUSY, BROKEN, None, LOST, AWAY, None, CUT, LATE]),
        reads=itertools.cycle([None, BROKEN, None, None, CUT, BUSY, None]),
        watches=itertools.cycle([WATCH_CUT, WATCH_EXPIRED, WATCH_CUT, WATCH_REFUSED]),
    )


def _of(*faults: Fault) -> Trouble:
    """Every other write meets a fault of these."""
    nothing: list[Fault | None] = [None]
    each: list[Fault | None] = [it for fault in faults for it in (fault, None)]
    return Trouble(itertools.cycle(each), itertools.cycle(nothing), itertools.cycle(nothing))


WHOLE_LIFE = (CREATE, SUSPEND, RESUME, EDIT_TEMPLATE)
_PLACES = 3


@dataclass
class Group:
    """Places whose requests meet one kind of trouble.

    Attributes:
        ends: how they look in the end.
        writes: how many the operator tried in them.
        failed: why they did not come to an end.
    """

    trouble: Trouble
    places: list[Place]
    ends: list[Snapshot] = field(default_factory=list)
    writes: int = 0
    failed: Exception | None = None

    async def live(self) -> None:
        try:
            lives = (told(place, WHOLE_LIFE, seconds=120, every=0.3) for place in self.places)
            await asyncio.gather(*lives)
            self.ends += await asyncio.gather(*map(at_rest, self.places))
        except Exception as error:  # noqa: BLE001 - it is raised by the test of this group
            self.failed = error

    def sum_up(self, log: Sequence[Seen]) -> None:
        in_places = [seen for seen in log if any(place.has(seen.path) for place in self.places)]
        self.writes = sum(seen.writes for seen in in_places)

    def ended_well(self, undisturbed: Snapshot, calm: int) -> None:
        """See that the faults made no difference; calm is how many writes one place takes."""
        if self.failed:
            raise self.failed
        for end in self.ends:
            assert end == undisturbed
        assert len(self.ends) == _PLACES
        assert self.trouble.done["writes"] >= len(WHOLE_LIFE)
        # Each fault may cost a few more tries, but no storm.
        assert self.writes <= (calm * _PLACES + self.trouble.done["writes"]) * 3


@pytest.fixture(scope="module")
def undisturbed(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Snapshot, int]:
    """How a whole life ends without a fault, and how many writes it takes."""

    async def lived() -> tuple[Snapshot, int]:
        async with (
            visited(installation, tmp_path_factory.mktemp("calm")) as world,
            world.replica("calm") as replica,
        ):
            replica.start()
            place = await world.place()
            await told(place, WHOLE_LIFE)
            return await at_rest(place), len(replica.proxy.writes)

    return asyncio.run(lived())


@pytest.fixture(scope="module")
def groups(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Group]:
    """Places with whole lives at the same time, in each group of which writes meet one fault."""
    found: dict[str, Group] = {}
    others = _of(*FAULTS.values())

    def rule(seen: Seen) -> Fault | None:
        groups = (it for it in found.values() if any(place.has(seen.path) for place in it.places))
        group = next(groups, None)
        return group.trouble(seen) if group else others(seen)

    async def lived() -> None:
        async with (
            visited(installation, tmp_path_factory.mktemp("refused")) as world,
            world.replica("refused") as replica,
        ):
            for name, fault in FAULTS.items():
                found[name] = Group(_of(fault), [await world.place() for _ in range(_PLACES)])
            replica.proxy.rule = rule
            replica.start()
            await asyncio.gather(*(group.live() for group in found.values()))
            await _is_quiet(replica.proxy.log)
            for group in found.values():
                group.sum_up(replica.proxy.log)

    asyncio.run(lived())
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_it_converges_in_spite_of_a_fault(
    groups: dict[str, Group], fault: str, undisturbed: tuple[Snapshot, int]
) -> None:
    groups[fault].ended_well(*undisturbed)


async def test_it_converges_in_spite_of_everything_at_once(
    world: World, undisturbed: tuple[Snapshot, int]
) -> None:
    async with world.replica() as replica:
        group = Group(_everything(), [await world.place() for _ in range(_PLACES)])
        replica.proxy.rule = group.trouble
        replica.start()
        await group.live()
        await _is_quiet(replica.proxy.log)
        group.sum_up(replica.proxy.log)
        group.ended_well(*undisturbed)
    await world.bury()


async def test_watches_that_are_cut_and_forgotten_lose_nothing(world: World) -> None:
    nothing: list[Fault | None] = [None]
    async with world.replica() as replica:
        replica.proxy.rule = Trouble(
            itertools.cycle(nothing),
            itertools.cycle(nothing),
            itertools.cycle([WATCH_CUT, WATCH_EXPIRED, WATCH_REFUSED]),
        )
        replica.start()
        place = await world.place()
        for step in (*WHOLE_LIFE, SUSPEND, RESUME):
            await told(place, [step])
        began, before = time.monotonic(), len(replica.proxy.log)
        await asyncio.sleep(5)
        # Fifteen watches or so, each opened again about once a second.
        assert len(replica.proxy.log) - before < 40 * (time.monotonic() - began)
    await world.bury()


async def test_an_api_server_that_is_away_for_long_is_not_stormed(world: World) -> None:
    async with world.replica() as replica:
        replica.start()
        place, other = await world.place(), await world.place()
        await told(place, [CREATE])
        replica.proxy.rule = lambda _: CUT
        replica.proxy.hang_up()
        await SUSPEND.act(place)
        await CREATE.act(other)
        before = len(replica.proxy.log)
        await asyncio.sleep(20)
        assert len(replica.proxy.log) - before < 300
        replica.proxy.rule = lambda _: None
        await told(other, [Step(_nothing, CREATE.done)])
        await told(place, [Step(_nothing, SUSPEND.done), RESUME, EDIT_TEMPLATE])
    await world.bury()


async def test_a_write_that_always_fails_is_tried_ever_more_rarely(world: World) -> None:
    def rule(seen: Seen) -> Fault | None:
        return BROKEN if seen.writes and seen.path.endswith("/pods") else None

    async with world.replica() as replica:
        replica.proxy.rule = rule
        replica.start()
        place = await world.place()
        await CREATE.act(place)

        def tries() -> list[float]:
            writes = replica.proxy.writes
            return [seen.at for seen in writes if seen.path.endswith("/pods")]

        def pauses() -> list[float]:
            return [later - sooner for sooner, later in pairwise(tries())]

        async def rarely() -> bool:
            return max(pauses(), default=0.0) > 3

        # Each pass waits about twice as long as the one before, in the end for seconds.
        await until(rarely, "a long pause between tries")
        assert 2 <= len(tries()) <= 30
        assert min(pauses()) < 3
        replica.proxy.rule = lambda _: None
        await told(place, [Step(_nothing, CREATE.done)])
    await world.bury()


async def test_retry_after_is_waited_for(world: World) -> None:
    pause = 3
    wait = Fault(status=429, headers={"Retry-After": str(pause)}, body=BUSY.body)
    faults = iter([wait])

    def rule(seen: Seen) -> Fault | None:
        found = seen.writes and seen.path.endswith("/pods")
        return next(faults, None) if found else None

    async with world.replica() as replica:
        replica.proxy.rule = rule
        replica.start()
        await told(await world.place(), [CREATE])
        tries = [seen.at for seen in replica.proxy.writes if seen.path.endswith("/pods")]
        assert len(tries) == 2
        assert tries[1] - tries[0] >= pause
    await world.bury()


async def _is_quiet(log: list[Seen]) -> None:
    """Wait until nothing is written for some seconds."""

    async def quiet() -> bool:
        last = max(seen.at for seen in log if seen.writes and not seen.about_lease)
        return time.monotonic() - last > 4

    await until(quiet, "an end of writing")


async def _nothing(_: Place) -> None:
    """Do nothing."""
