"""What people do with a Kode, and how one sees that the operator is done with it.

Rule: done means that the Kode says so about its present generation, and that the world agrees.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from kode import labels
from tests.faults.place import NAME, PASSWORD, Place, Snapshot, condition, spec, template, until


async def ready(place: Place) -> bool:
    pod = await place.pod()
    stays = pod is not None and "deletionTimestamp" not in pod["metadata"]
    # No pod that was made from something else passes for Running.
    return stays and condition(await place.kode(), "Ready").get("reason") == "Running"


async def suspended(place: Place) -> bool:
    gone = await place.pod() is None
    return gone and condition(await place.kode(), "Suspended").get("status") == "True"


async def pending(place: Place) -> bool:
    return condition(await place.kode(), "Ready").get("reason") == "UpdatePending"


async def retained(place: Place) -> bool:
    found = await place.snapshot()
    claim = found.get(f"PersistentVolumeClaim {NAME}-home", {})
    marks = claim.get("metadata", {}).get("labels", {})
    return len(found) == 1 and marks.get(labels.RETAINED) == "true"


async def empty(place: Place) -> bool:
    return not await place.snapshot()


async def create(place: Place) -> None:
    await place.create("Kode", NAME, spec(password=PASSWORD, user="alice"))


async def create_without_keeping(place: Place) -> None:
    await place.create("Kode", NAME, spec(password=PASSWORD, storage={"keepVolume": False}))


async def delete(place: Place) -> None:
    await place.delete("Kode", NAME)


def change(kind: str, name: str, **fields: object) -> Callable[[Place], Awaitable[None]]:
    async def change(place: Place) -> None:
        await place.patch(kind, name, {"spec": fields})

    return change


@dataclass(frozen=True)
class Step:
    """Something that a person does, and how one sees that the operator is done with it."""

    act: Callable[[Place], Awaitable[None]]
    done: Callable[[Place], Awaitable[bool]]


CREATE = Step(create, ready)
SUSPEND = Step(change("Kode", NAME, suspend=True), suspended)
RESUME = Step(change("Kode", NAME, suspend=False), ready)
EDIT_TEMPLATE = Step(change("KodeTemplate", "template", **template(tz="Europe/Oslo")), pending)
CHANGE = Step(change("Kode", NAME, env=[{"name": "A", "value": "1"}]), ready)
PASSWORD_CHANGE = Step(change("Kode", NAME, password="another"), ready)
CREATE_WITHOUT_KEEPING = Step(create_without_keeping, ready)
DELETE = Step(delete, retained)
DELETE_WITH_FILES = Step(delete, empty)


async def told(
    place: Place, steps: Sequence[Step], seconds: float = 60, every: float = 0.1
) -> None:
    """Do one thing after the other, each when the operator is done with the last."""
    for step in steps:
        await step.act(place)
        await until(partial(step.done, place), step.done.__name__, seconds, every)


async def at_rest(place: Place) -> Snapshot:
    """Return the snapshot once it stays the same for a while."""
    found: list[Snapshot] = [await place.snapshot()]

    async def still() -> bool:
        found.append(await place.snapshot())
        return found[-1] == found[-2]

    await until(still, "rest", every=0.7)
    return found[-1]
