"""Watching: every change after a version, in order, for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from kode.errors import Expired
from kode.platform.port import WatchEvent
from tests.contract.stage import Document, Stage, copied, version

_SECONDS = 30.0
KIND = "KodeTemplate"
Seen = tuple[str, str]


class Watching:
    """A watch and what it has given of this test's objects."""

    def __init__(self, stage: Stage, since: str, namespace: str | None) -> None:
        self._changes = stage.platform.watch(KIND, since, namespace)
        self._mark = stage.mark

    async def next(self) -> WatchEvent:
        """Return the next change of this test's objects."""
        async with asyncio.timeout(_SECONDS):
            while True:
                change = await anext(self._changes)
                if self._mark in change.document["metadata"]["name"]:
                    return change

    async def take(self, count: int) -> list[Seen]:
        """Return the next changes, each as what happened and the version after it."""
        found = [await self.next() for _ in range(count)]
        return [(change.type, version(change.document)) for change in found]

    async def close(self) -> None:
        await self._changes.aclose()


@asynccontextmanager
async def watching(
    stage: Stage, since: str, namespace: str | None = None
) -> AsyncIterator[Watching]:
    """Watch for the length of a block."""
    found = Watching(stage, since, namespace)
    try:
        yield found
    finally:
        await found.close()


async def _now(stage: Stage) -> str:
    return (await stage.platform.list(KIND, stage.namespace)).version


async def _story(stage: Stage) -> list[Seen]:
    """Let something happen to an object; return what a watch is to give."""
    made = await stage.platform.create(stage.template())
    told: list[Seen] = [("ADDED", version(made))]
    found: Document = copied(made)
    for number in (2, 3, 4):
        found["spec"]["puid"] = number
        found = copied(await stage.platform.replace(found))
        told.append(("MODIFIED", version(found)))
    return told


async def test_each_change_is_given_once_and_in_order(stage: Stage) -> None:
    async with watching(stage, await _now(stage), stage.namespace) as seen:
        told, given = await asyncio.gather(_story(stage), seen.take(4))
        assert given == told


async def test_what_happened_in_between_is_given_afterwards(stage: Stage) -> None:
    since = await _now(stage)
    told = await _story(stage)
    async with watching(stage, since, stage.namespace) as seen:
        assert await seen.take(4) == told


async def test_a_watch_goes_on_from_any_change(stage: Stage) -> None:
    told = await _story(stage)
    async with watching(stage, told[1][1], stage.namespace) as seen:
        assert await seen.take(2) == told[2:]


async def test_a_deleted_object_is_given_as_it_last_was(stage: Stage) -> None:
    since = await _now(stage)
    await stage.platform.create(stage.template(puid=7))
    await stage.platform.delete(KIND, stage.name(), stage.namespace)
    async with watching(stage, since, stage.namespace) as seen:
        assert (await seen.next()).type == "ADDED"
        gone = await seen.next()
        assert gone.type == "DELETED"
        assert gone.document["spec"]["puid"] == 7
        assert gone.document["kind"] == KIND
        # A watch can go on from there as well.
        later = version(gone.document)
    made = await stage.platform.create(stage.template())
    async with watching(stage, later, stage.namespace) as seen:
        assert await seen.take(1) == [("ADDED", version(made))]


async def test_only_the_namespace_that_was_asked_for_is_given(stage: Stage) -> None:
    since = await _now(stage)
    foreign = stage.template("foreign")
    foreign["metadata"]["namespace"] = stage.other
    await stage.platform.create(foreign)
    await stage.platform.create(stage.template("own"))
    async with watching(stage, since, stage.namespace) as seen:
        assert (await seen.next()).document["metadata"]["name"] == stage.name("own")
    async with watching(stage, since) as seen:
        both = [(await seen.next()).document["metadata"]["name"] for _ in range(2)]
        assert both == [stage.name("foreign"), stage.name("own")]


async def test_only_the_kind_that_was_asked_for_is_given(stage: Stage) -> None:
    since = await _now(stage)
    await stage.platform.create(stage.kode())
    await stage.platform.create(stage.template())
    async with watching(stage, since, stage.namespace) as seen:
        assert (await seen.next()).document["kind"] == KIND


async def test_a_list_and_a_watch_together_miss_nothing(stage: Stage) -> None:
    async def write() -> None:
        for number in range(20):
            await stage.platform.create(stage.template(f"t{number}"))

    writing = asyncio.create_task(write())
    await asyncio.sleep(0.05)
    listing = await stage.platform.list(KIND, stage.namespace)
    known = {item["metadata"]["name"] for item in listing.items}
    known = {name for name in known if stage.mark in name}
    async with watching(stage, listing.version, stage.namespace) as seen:
        for _ in range(20 - len(known)):
            change = await seen.next()
            assert change.type == "ADDED"
            name = change.document["metadata"]["name"]
            assert name not in known
            known.add(name)
    await writing
    assert len(known) == 20


async def test_several_watch_at_once(stage: Stage) -> None:
    since = await _now(stage)
    async with watching(stage, since) as one, watching(stage, since, stage.namespace) as two:
        told = await _story(stage)
        assert await one.take(4) == told
        assert await two.take(4) == told


async def test_who_asks_for_too_long_ago_is_told(stage: Stage) -> None:
    since = await stage.old_version()
    async with aclosing(stage.platform.watch(KIND, since, stage.namespace)) as changes:
        with pytest.raises(Expired):
            await asyncio.wait_for(anext(changes), _SECONDS)


async def test_an_apply_that_changes_nothing_is_no_change(stage: Stage) -> None:
    first = await stage.platform.apply(stage.template())
    await stage.platform.apply(stage.template())
    last = await stage.platform.apply(stage.template(puid=5))
    async with watching(stage, version(first.document), stage.namespace) as seen:
        assert await seen.take(1) == [("MODIFIED", version(last.document))]
