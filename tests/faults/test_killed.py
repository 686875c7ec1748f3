"""The operator is killed after each single write, and started again.

To be killed after a write and before the next one is the same to the world: what the operator
knew is lost either way. So every point is tried by killing it once before its first write, and once
after each write, when the API server has carried that out and the operator has not yet been told.

Rule: the end is that of a run in which nothing happened.
"""

from dataclasses import dataclass

import pytest

from bench.api import Object
from tests.faults import steps
from tests.faults.conftest import World
from tests.faults.place import PASSWORD, Place, Snapshot, until
from tests.faults.proxy import Fault, Seen
from tests.faults.replica import Replica
from tests.faults.steps import CREATE, EDIT_TEMPLATE, RESUME, SUSPEND, Step, at_rest, told

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

_MOST_WRITES = 30
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
    async with world.replica() as replica:
        replica.start()
        undisturbed = await world.place()
        await told(undisturbed, STORIES[story])
        run = Run(world, replica, story, await at_rest(undisturbed))
        for after in range(_MOST_WRITES):
            if not await run.killed(after):
                # There was no such write any more; every point has had its turn. Where the files
                # go as well, Kubernetes collects everything and the operator writes nothing.
                assert after > 1 or story == "delete with files"
                return
    pytest.fail("it never came to an end undisturbed")


@dataclass
class Run:
    """A story, told again and again.

    Attributes:
        expected: how it ends when nothing happens.
    """

    world: World
    replica: Replica
    story: str
    expected: Snapshot

    async def killed(self, after: int) -> bool:
        """Kill the operator after so many writes; return whether there were so many."""
        *before, last = STORIES[self.story]
        place = await self.world.place()
        await told(place, before)
        await at_rest(place)
        pod = await place.pod()
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
        await self._ends_as_expected(place, f"{self.story}, killed after write {after}")
        if self.story == "template":
            assert _uid(await place.pod()) == _uid(pod)
        await place.remove()
        return trap.sprung

    async def _ends_as_expected(self, place: Place, what: str) -> None:
        async def expected() -> bool:
            return await place.snapshot() == self.expected

        try:
            await until(expected, what)
        except AssertionError:
            # The comparison says what differs; the wait only that something does.
            assert await place.snapshot() == self.expected, what
        assert await at_rest(place) == self.expected, what


async def _check_password(place: Place, story: str) -> None:
    """A password must stand somewhere at every moment."""
    in_spec, in_secret = await place.password()
    if story == "password":
        assert "another" in (in_spec, in_secret)
    elif not story.startswith("delete"):
        assert PASSWORD in (in_spec, in_secret)


def _uid(pod: Object | None) -> str | None:
    return pod["metadata"]["uid"] if pod else None
