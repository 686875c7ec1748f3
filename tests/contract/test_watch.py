"""Watching: every change after a version, in order, for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from kode.errors import Expired
from kode.platform.port import WatchEvent
from tests.contract.fixture import ContractFixture, Document, copied, version

_SECONDS = 30.0
KIND = "KodeTemplate"
Seen = tuple[str, str]


class Watching:
    """A watch and what it has given of this test's objects."""

    def __init__(self, fixture: ContractFixture, since: str, namespace: str | None) -> None:
        self._changes = fixture.platform.watch(KIND, since, namespace)
        self._mark = fixture.mark

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
    fixture: ContractFixture, since: str, namespace: str | None = None
) -> AsyncIterator[Watching]:
    """Watch for the length of a block."""
    found = Watching(fixture, since, namespace)
    try:
        yield found
    finally:
        await found.close()


async def _now(fixture: ContractFixture) -> str:
    return (await fixture.platform.list(KIND, fixture.namespace)).version


async def _story(fixture: ContractFixture) -> list[Seen]:
    """Let something happen to an object; return what a watch is to give."""
    made = await fixture.platform.create(fixture.template())
    told: list[Seen] = [("ADDED", version(made))]
    found: Document = copied(made)
    for number in (2, 3, 4):
        found["spec"]["puid"] = number
        found = copied(await fixture.platform.replace(found))
        told.append(("MODIFIED", version(found)))
    return told


async def test_each_change_is_given_once_and_in_order(fixture: ContractFixture) -> None:
    async with watching(fixture, await _now(fixture), fixture.namespace) as seen:
        told, given = await asyncio.gather(_story(fixture), seen.take(4))
        assert given == told


async def test_what_happened_in_between_is_given_afterwards(fixture: ContractFixture) -> None:
    since = await _now(fixture)
    told = await _story(fixture)
    async with watching(fixture, since, fixture.namespace) as seen:
        assert await seen.take(4) == told


async def test_a_watch_goes_on_from_any_change(fixture: ContractFixture) -> None:
    told = await _story(fixture)
    async with watching(fixture, told[1][1], fixture.namespace) as seen:
        assert await seen.take(2) == told[2:]


async def test_a_deleted_object_is_given_as_it_last_was(fixture: ContractFixture) -> None:
    since = await _now(fixture)
    await fixture.platform.create(fixture.template(puid=7))
    await fixture.platform.delete(KIND, fixture.name(), fixture.namespace)
    async with watching(fixture, since, fixture.namespace) as seen:
        assert (await seen.next()).type == "ADDED"
        gone = await seen.next()
        assert gone.type == "DELETED"
        assert gone.document["spec"]["puid"] == 7
        assert gone.document["kind"] == KIND
        # A watch can go on from there as well.
        later = version(gone.document)
    made = await fixture.platform.create(fixture.template())
    async with watching(fixture, later, fixture.namespace) as seen:
        assert await seen.take(1) == [("ADDED", version(made))]


async def test_only_the_namespace_that_was_asked_for_is_given(fixture: ContractFixture) -> None:
    since = await _now(fixture)
    foreign = fixture.template("foreign")
    foreign["metadata"]["namespace"] = fixture.other
    await fixture.platform.create(foreign)
    await fixture.platform.create(fixture.template("own"))
    async with watching(fixture, since, fixture.namespace) as seen:
        assert (await seen.next()).document["metadata"]["name"] == fixture.name("own")
    async with watching(fixture, since) as seen:
        both = [(await seen.next()).document["metadata"]["name"] for _ in range(2)]
        assert both == [fixture.name("foreign"), fixture.name("own")]


async def test_only_the_kind_that_was_asked_for_is_given(fixture: ContractFixture) -> None:
    since = await _now(fixture)
    await fixture.platform.create(fixture.kode())
    await fixture.platform.create(fixture.template())
    async with watching(fixture, since, fixture.namespace) as seen:
        assert (await seen.next()).document["kind"] == KIND


async def test_a_list_and_a_watch_together_miss_nothing(fixture: ContractFixture) -> None:
    async def write() -> None:
        for number in range(20):
            await fixture.platform.create(fixture.template(f"t{number}"))

    writing = asyncio.create_task(write())
    await asyncio.sleep(0.05)
    listing = await fixture.platform.list(KIND, fixture.namespace)
    known = {item["metadata"]["name"] for item in listing.items}
    known = {name for name in known if fixture.mark in name}
    async with watching(fixture, listing.version, fixture.namespace) as seen:
        for _ in range(20 - len(known)):
            change = await seen.next()
            assert change.type == "ADDED"
            name = change.document["metadata"]["name"]
            assert name not in known
            known.add(name)
    await writing
    assert len(known) == 20


async def test_several_watch_at_once(fixture: ContractFixture) -> None:
    since = await _now(fixture)
    async with watching(fixture, since) as one, watching(fixture, since, fixture.namespace) as two:
        told = await _story(fixture)
        assert await one.take(4) == told
        assert await two.take(4) == told


async def test_who_asks_for_too_long_ago_is_told(fixture: ContractFixture) -> None:
    since = await fixture.old_version()
    async with aclosing(fixture.platform.watch(KIND, since, fixture.namespace)) as changes:
        with pytest.raises(Expired):
            await asyncio.wait_for(anext(changes), _SECONDS)


async def test_an_apply_that_changes_nothing_is_no_change(fixture: ContractFixture) -> None:
    first = await fixture.platform.apply(fixture.template())
    await fixture.platform.apply(fixture.template())
    last = await fixture.platform.apply(fixture.template(puid=5))
    async with watching(fixture, version(first.document), fixture.namespace) as seen:
        assert await seen.take(1) == [("MODIFIED", version(last.document))]
