"""Stopping, starting and restarting, as far as they are written down."""

import asyncio

import pytest

from kode import labels
from kode.errors import InvalidSpec, NotReady, RefNotFound
from kode.platform.port import ExecOptions, LogQuery
from tests.contract.fixture import ContractFixture, generation


async def test_a_kode_is_stopped_and_started(fixture: ContractFixture) -> None:
    await fixture.platform.create(fixture.kode(suspend=True, user="ada"))
    started = await fixture.platform.suspend(fixture.name(), fixture.namespace, suspended=False)
    assert started["spec"]["suspend"] is False
    stopped = await fixture.platform.suspend(fixture.name(), fixture.namespace, suspended=True)
    assert stopped["spec"]["suspend"] is True
    assert stopped["spec"]["user"] == "ada"
    assert generation(stopped) == generation(started) + 1


async def test_stopping_what_is_stopped_changes_nothing(fixture: ContractFixture) -> None:
    made = await fixture.platform.create(fixture.kode(suspend=True))
    stopped = await fixture.platform.suspend(fixture.name(), fixture.namespace, suspended=True)
    assert generation(stopped) == generation(made)


async def test_each_restart_is_another_one(fixture: ContractFixture) -> None:
    made = await fixture.platform.create(fixture.kode())
    first = await fixture.platform.restart(fixture.name(), fixture.namespace)
    await asyncio.sleep(0.01)
    second = await fixture.platform.restart(fixture.name(), fixture.namespace)
    times = [it["metadata"]["annotations"][labels.RESTARTED_AT] for it in (first, second)]
    assert times[0] < times[1]
    assert generation(second) == generation(made)


async def test_a_kode_that_is_not_there_is_told(fixture: ContractFixture) -> None:
    name, place = fixture.name(), fixture.namespace
    with pytest.raises(RefNotFound):
        await fixture.platform.suspend(name, place, suspended=True)
    with pytest.raises(RefNotFound):
        await fixture.platform.restart(name, place)
    with pytest.raises(RefNotFound):
        await fixture.platform.renew_home(name, place)
    with pytest.raises(RefNotFound):
        await fixture.platform.endpoint(name, place)
    with pytest.raises(RefNotFound):
        await fixture.platform.exec(name, place, ExecOptions(["true"]))
    with pytest.raises(RefNotFound):
        await anext(fixture.platform.logs(name, place, LogQuery()))


async def test_a_suspended_kode_can_be_entered_by_nobody(fixture: ContractFixture) -> None:
    await fixture.platform.create(fixture.kode(suspend=True))
    with pytest.raises(NotReady):
        await fixture.platform.exec(fixture.name(), fixture.namespace, ExecOptions(["true"]))
    with pytest.raises(NotReady):
        await anext(fixture.platform.logs(fixture.name(), fixture.namespace, LogQuery()))


async def test_root_is_had_by_nobody_who_has_none(fixture: ContractFixture) -> None:
    await fixture.platform.create(fixture.kode(suspend=True))
    with pytest.raises((InvalidSpec, NotReady)):
        await fixture.platform.exec(
            fixture.name(), fixture.namespace, ExecOptions(["id"], root=True)
        )


async def test_nothing_has_happened_to_a_kode_that_is_not_there(fixture: ContractFixture) -> None:
    assert await fixture.platform.events(fixture.namespace, fixture.name()) == ()


def test_a_person_is_told_which_platform_it_is(fixture: ContractFixture) -> None:
    assert fixture.platform.display_name
