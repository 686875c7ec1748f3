"""The API server refuses, fails, forgets, hangs up and cuts watches.

Rule: whatever it does, once it answers again the world is as if it always had; and until then the
operator does not make things worse by asking again and again.
"""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
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


def _everything() -> Trouble:
    return Trouble(
        writes=itertools.cycle([CONFLICT, None, BUSY, BROKEN, None, LOST, AWAY, None, CUT, LATE]),
        reads=itertools.cycle([None, BROKEN, None, None, CUT, BUSY, None]),
        watches=itertools.cycle([WATCH_CUT, WATCH_EXPIRED, WATCH_CUT, WATCH_REFUSED]),
    )


def _of(fault: Fault) -> Trouble:
    """Every other write meets this fault."""
    nothing: list[Fault | None] = [None]
    faults: list[Fault | None] = [fault, None]
    return Trouble(itertools.cycle(faults), itertools.cycle(nothing), itertools.cycle(nothing))


WHOLE_LIFE = (CREATE, SUSPEND, RESUME, EDIT_TEMPLATE)


@pytest.fixture(scope="module")
def undisturbed(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Snapshot, int]:
    """How a whole life ends without a fault, and how many writes three of them take."""

    async def lived() -> tuple[Snapshot, int]:
        async with (
            visited(installation, tmp_path_factory.mktemp("calm")) as world,
            world.replica("calm") as replica,
        ):
            replica.start()
            place = await world.place()
            await told(place, WHOLE_LIFE)
            return await at_rest(place), len(replica.proxy.writes) * 3

    return asyncio.run(lived())


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(lambda: _of(CONFLICT), id="409"),
        pytest.param(lambda: _of(BUSY), id="429"),
        pytest.param(lambda: _of(BROKEN), id="500"),
        pytest.param(lambda: _of(AWAY), id="503"),
        pytest.param(lambda: _of(CUT), id="connection cut"),
        pytest.param(lambda: _of(LOST), id="answer lost"),
        pytest.param(lambda: _of(LATE), id="504 though carried out"),
        pytest.param(_everything, id="everything at once"),
    ],
)
async def test_it_converges_in_spite_of_faults(
    world: World, trouble: Callable[[], Trouble], undisturbed: tuple[Snapshot, int]
) -> None:
    expected, calm = undisturbed
    rule = trouble()
    async with world.replica() as replica:
        replica.proxy.rule = rule
        replica.start()
        places = [await world.place() for _ in range(3)]
        await asyncio.gather(*(told(place, WHOLE_LIFE, seconds=120) for place in places))
        for place in places:
            assert await at_rest(place) == expected
        assert rule.done["writes"] >= len(WHOLE_LIFE)
        # Each fault may cost a few more tries, but no storm.
        assert len(replica.proxy.writes) <= (calm + rule.done["writes"]) * 3
        await _is_quiet(replica.proxy.log)
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
        return BROKEN if seen.writes and seen.path.endswith("/statefulsets") else None

    async with world.replica() as replica:
        replica.proxy.rule = rule
        replica.start()
        place = await world.place()
        await CREATE.act(place)
        await asyncio.sleep(25)
        tries = [seen.at for seen in replica.proxy.writes if seen.path.endswith("/statefulsets")]
        assert 2 <= len(tries) <= 30
        # Each pass waits about twice as long as the one before: by now for seconds, and a busy
        # machine only adds to that.
        pauses = [later - sooner for sooner, later in pairwise(tries)]
        assert max(pauses) > 3 > min(pauses)
        replica.proxy.rule = lambda _: None
        await told(place, [Step(_nothing, CREATE.done)])
    await world.bury()


async def test_retry_after_is_waited_for(world: World) -> None:
    pause = 3
    wait = Fault(status=429, headers={"Retry-After": str(pause)}, body=BUSY.body)
    faults = iter([wait])

    def rule(seen: Seen) -> Fault | None:
        found = seen.writes and seen.path.endswith("/statefulsets")
        return next(faults, None) if found else None

    async with world.replica() as replica:
        replica.proxy.rule = rule
        replica.start()
        await told(await world.place(), [CREATE])
        tries = [seen.at for seen in replica.proxy.writes if seen.path.endswith("/statefulsets")]
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
