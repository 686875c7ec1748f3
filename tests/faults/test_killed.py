"""The operator is killed after each single write, and started again.

To be killed after a write and before the next one is the same to the world: what the operator
knew is lost either way. So every point is tried by killing it once before its first write, and once
after each write, when the API server has carried that out and the operator has not yet been told.

Rule: the end is that of a run in which nothing happened, and it stays so through every later life
of the operator, until all points have had their turn.
"""

import asyncio
from dataclasses import dataclass, field

import pytest

from bench.api import Object
from tests.faults import steps
from tests.faults.conftest import World
from tests.faults.place import PASSWORD, Place, Snapshot, until
from tests.faults.proxy import Fault, Seen
from tests.faults.replica import Replica
from tests.faults.steps import CREATE, EDIT_TEMPLATE, RESUME, SUSPEND, Step, at_rest, told

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

_MAX_WRITES = 30
_MANY_INTERVAL = 0.4
"""Seconds between looks at each of many places: looking is work for the API server too."""
STORIES: dict[str, tuple[Step, ...]] = {
    "create": (CREATE,),
    "suspend": (CREATE, SUSPEND),
    "resume": (CREATE, SUSPEND, RESUME),
    "change": (CREATE, steps.CHANGE),
    "password": (CREATE, steps.PASSWORD_CHANGE),
    "template": (CREATE, EDIT_TEMPLATE),
    "restart with a new template": (CREATE, EDIT_TEMPLATE, SUSPEND, RESUME),
    "delete": (CREATE, steps.DELETE),
    "delete with files": (steps.CREATE_WITHOUT_KEEPING, steps.DELETE_WITH_FILES),
}
"""The last step of each is the one in which the operator is killed."""


@dataclass
class Trap:
    """Kills an operator after so many of its writes in a namespace; before the first with 0."""

    replica: Replica
    namespace: str
    after: int
    count: int = 0
    sprung: bool = False

    def __call__(self, seen: Seen) -> Fault | None:
        if not seen.writes or f"/namespaces/{self.namespace}/" not in seen.path or self.sprung:
            return None
        self.count += 1
        if self.count < max(self.after, 1):
            return None
        self.sprung = True

        async def kill() -> None:
            self.replica.kill()

        return Fault(forward=self.after > 0, drop=True, then=kill)


@pytest.mark.parametrize("story", STORIES)
async def test_killed_after_each_write_it_ends_as_if_nothing_had_happened(
    world: World, story: str
) -> None:
    *before, last = STORIES[story]
    async with world.replica() as replica:
        replica.start()
        undisturbed = await world.place()
        await told(undisturbed, before)
        earlier = len(_writes(replica, undisturbed))
        await told(undisturbed, [last])
        expected = await at_rest(undisturbed)
        writes = len(_writes(replica, undisturbed)) - earlier
        run = Run(world, replica, story, expected)
        await run.prepare(writes + 2)
        for after in range(_MAX_WRITES):
            if not await run.killed(after):
                # There was no such write any more; every point has had its turn. Where the files
                # go as well, Kubernetes collects everything and the operator writes nothing.
                assert after > 1 or story == "delete with files"
                await run.stays_as_expected()
                return
    pytest.fail("it never came to an end undisturbed")


@dataclass(frozen=True)
class Begun:
    """A place in which all but the last step of a story was told.

    Attributes:
        uid: of the pod there.
    """

    place: Place
    uid: str | None


@dataclass
class Run:
    """A story, told again and again.

    Attributes:
        expected: how it ends when nothing happens.
        prepared: where it has not ended yet.
        ended: where it has, and how.
    """

    world: World
    replica: Replica
    story: str
    expected: Snapshot
    prepared: list[Begun] = field(default_factory=list)
    ended: list[tuple[Begun, str]] = field(default_factory=list)

    async def prepare(self, count: int) -> None:
        """Tell the story up to its last step, in so many places at once."""
        self.prepared += await asyncio.gather(*(self._begun() for _ in range(count)))

    async def killed(self, after: int) -> bool:
        """Kill the operator after so many writes; return whether there were so many."""
        last = STORIES[self.story][-1]
        if not self.prepared:
            await self.prepare(1)
        begun = self.prepared.pop()
        place = begun.place
        trap = Trap(self.replica, place.namespace, after)
        self.replica.proxy.rule = trap
        await last.act(place)

        async def over() -> bool:
            return (trap.sprung and not self.replica.running) or await last.done(place)

        await until(over, f"the end of {self.story}")
        self.replica.proxy.rule = lambda _: None
        if trap.sprung:
            await _check_password(place, self.story)
            await self.world.bury()
            self.replica.start()
        what = f"{self.story}, killed after write {after}"
        await self._ends_as_expected(place, what)
        self.ended.append((begun, what))
        return trap.sprung

    async def stays_as_expected(self) -> None:
        """See that each end was one: also the later lives of the operator changed nothing."""
        rests = await asyncio.gather(*(at_rest(begun.place) for begun, _ in self.ended))
        for rest, (begun, what) in zip(rests, self.ended, strict=True):
            assert rest == self.expected, what
            if self.story == "template":
                assert _uid(await begun.place.pod()) == begun.uid, what

    async def _begun(self) -> Begun:
        place = await self.world.place()
        await told(place, STORIES[self.story][:-1], every=_MANY_INTERVAL)
        await at_rest(place)
        return Begun(place, _uid(await place.pod()))

    async def _ends_as_expected(self, place: Place, what: str) -> None:
        async def expected() -> bool:
            return await place.snapshot() == self.expected

        try:
            await until(expected, what)
        except AssertionError:
            # The comparison says what differs; the wait only that something does.
            assert await place.snapshot() == self.expected, what


def _writes(replica: Replica, place: Place) -> list[Seen]:
    """Return what was written in a place."""
    return [seen for seen in replica.proxy.writes if place.has(seen.path)]


async def _check_password(place: Place, story: str) -> None:
    """A password must stand somewhere at every moment."""
    in_spec, in_secret = await place.password()
    if story == "password":
        assert "another" in (in_spec, in_secret)
    elif not story.startswith("delete"):
        assert PASSWORD in (in_spec, in_secret)


def _uid(pod: Object | None) -> str | None:
    return pod["metadata"]["uid"] if pod else None
