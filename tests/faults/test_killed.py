"""The operator is killed after each single write, and started again.

To be killed after a write and before the next one is the same to the world: what the operator
knew is lost either way. So every point is tried by killing it once before its first write, and once
after each write, when the API server has carried that out and the operator has not yet been told.

Rule: the end is that of a run in which nothing happened.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pytest

from bench.api import Object
from kode import labels
from tests.faults.conftest import World
from tests.faults.place import NAME, PASSWORD, Place, Snapshot, condition, spec, template, until
from tests.faults.proxy import Fault, Seen
from tests.faults.replica import Replica

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

_MOST_WRITES = 30


async def _ready(place: Place) -> bool:
    kode, pod = await place.kode(), await place.pod()
    marks = (pod or {}).get("metadata", {}).get("annotations") or {}
    path = f"/apis/apps/v1/namespaces/{place.namespace}/statefulsets/{NAME}"
    workload = await place.api.find(path) or {}
    wanted = workload.get("spec", {}).get("template", {}).get("metadata", {}).get("annotations", {})
    now = marks.get(labels.POD_HASH) == wanted.get(labels.POD_HASH)
    return now and condition(kode, "Ready").get("reason") == "Running"


async def _suspended(place: Place) -> bool:
    gone = await place.pod() is None
    return gone and condition(await place.kode(), "Suspended").get("status") == "True"


async def _pending(place: Place) -> bool:
    return condition(await place.kode(), "Ready").get("reason") == "UpdatePending"


async def _retained(place: Place) -> bool:
    found = await place.snapshot()
    claim = found.get(f"PersistentVolumeClaim {NAME}-home", {})
    marks = claim.get("metadata", {}).get("labels", {})
    return len(found) == 1 and marks.get(labels.RETAINED) == "true"


async def _empty(place: Place) -> bool:
    return not await place.snapshot()


async def _create(place: Place) -> None:
    await place.create("Kode", NAME, spec(password=PASSWORD, user="alice"))


async def _create_without_keeping(place: Place) -> None:
    await place.create("Kode", NAME, spec(storage={"keepVolume": False}))


async def _delete(place: Place) -> None:
    await place.delete("Kode", NAME)


def _change(kind: str, name: str, **fields: object) -> Callable[[Place], Awaitable[None]]:
    async def change(place: Place) -> None:
        await place.patch(kind, name, {"spec": fields})

    return change


@dataclass(frozen=True)
class Step:
    """Something that a person does, and how one sees that the operator is done with it."""

    act: Callable[[Place], Awaitable[None]]
    done: Callable[[Place], Awaitable[bool]]


CREATE = Step(_create, _ready)
SUSPEND = Step(_change("Kode", NAME, suspend=True), _suspended)
RESUME = Step(_change("Kode", NAME, suspend=False), _ready)
EDIT_TEMPLATE = Step(_change("KodeTemplate", "template", **template(tz="Europe/Oslo")), _pending)
STORIES: dict[str, tuple[Step, ...]] = {
    "create": (CREATE,),
    "suspend": (CREATE, SUSPEND),
    "resume": (CREATE, SUSPEND, RESUME),
    "change": (CREATE, Step(_change("Kode", NAME, env=[{"name": "A", "value": "1"}]), _ready)),
    "password": (CREATE, Step(_change("Kode", NAME, password="another"), _ready)),
    "template": (CREATE, EDIT_TEMPLATE),
    "restart with a new template": (CREATE, EDIT_TEMPLATE, SUSPEND, RESUME),
    "delete": (CREATE, Step(_delete, _retained)),
    "delete with files": (Step(_create_without_keeping, _ready), Step(_delete, _empty)),
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


async def _told(place: Place, steps: Sequence[Step]) -> None:
    for step in steps:
        await step.act(place)
        await until(partial(step.done, place), step.done.__name__)


@pytest.mark.parametrize("story", STORIES)
async def test_killed_after_each_write_it_ends_as_if_nothing_had_happened(
    world: World, story: str
) -> None:
    async with world.replica() as replica:
        replica.start()
        undisturbed = await world.place()
        await _told(undisturbed, STORIES[story])
        run = Run(world, replica, story, await _at_rest(undisturbed))
        for after in range(_MOST_WRITES):
            if not await run.killed(after):
                # There was no such write any more; every point has had its turn.
                assert after > 1
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
        await _told(place, before)
        await _at_rest(place)
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
        assert await _at_rest(place) == self.expected, what


async def _at_rest(place: Place) -> Snapshot:
    """Return the snapshot once it stays the same for a while."""
    found: list[Snapshot] = [await place.snapshot()]

    async def still() -> bool:
        found.append(await place.snapshot())
        return found[-1] == found[-2]

    await until(still, "rest", every=0.7)
    return found[-1]


async def _check_password(place: Place, story: str) -> None:
    """A password must stand somewhere at every moment."""
    in_spec, in_secret = await place.password()
    if story == "password":
        assert "another" in (in_spec, in_secret)
    elif not story.startswith("delete"):
        assert PASSWORD in (in_spec, in_secret)


def _uid(pod: Object | None) -> str | None:
    return pod["metadata"]["uid"] if pod else None
