"""Stopping, starting and restarting, as far as they are written down."""

import asyncio

import pytest

from kode import labels
from kode.errors import InvalidSpec, NotReady, RefNotFound
from kode.platform.port import ExecOptions, LogQuery
from tests.contract.stage import Stage, generation


async def test_a_kode_is_stopped_and_started(stage: Stage) -> None:
    await stage.platform.create(stage.kode(suspend=True, user="ada"))
    started = await stage.platform.suspend(stage.name(), stage.namespace, suspended=False)
    assert started["spec"]["suspend"] is False
    stopped = await stage.platform.suspend(stage.name(), stage.namespace, suspended=True)
    assert stopped["spec"]["suspend"] is True
    assert stopped["spec"]["user"] == "ada"
    assert generation(stopped) == generation(started) + 1


async def test_stopping_what_is_stopped_changes_nothing(stage: Stage) -> None:
    made = await stage.platform.create(stage.kode(suspend=True))
    stopped = await stage.platform.suspend(stage.name(), stage.namespace, suspended=True)
    assert generation(stopped) == generation(made)


async def test_each_restart_is_another_one(stage: Stage) -> None:
    made = await stage.platform.create(stage.kode())
    first = await stage.platform.restart(stage.name(), stage.namespace)
    await asyncio.sleep(0.01)
    second = await stage.platform.restart(stage.name(), stage.namespace)
    times = [it["metadata"]["annotations"][labels.RESTARTED_AT] for it in (first, second)]
    assert times[0] < times[1]
    assert generation(second) == generation(made)


async def test_a_kode_that_is_not_there_is_told(stage: Stage) -> None:
    name, place = stage.name(), stage.namespace
    with pytest.raises(RefNotFound):
        await stage.platform.suspend(name, place, suspended=True)
    with pytest.raises(RefNotFound):
        await stage.platform.restart(name, place)
    with pytest.raises(RefNotFound):
        await stage.platform.renew_home(name, place)
    with pytest.raises(RefNotFound):
        await stage.platform.endpoint(name, place)
    with pytest.raises(RefNotFound):
        await stage.platform.exec(name, place, ExecOptions(["true"]))
    with pytest.raises(RefNotFound):
        await anext(stage.platform.logs(name, place, LogQuery()))


async def test_a_suspended_kode_can_be_entered_by_nobody(stage: Stage) -> None:
    await stage.platform.create(stage.kode(suspend=True))
    with pytest.raises(NotReady):
        await stage.platform.exec(stage.name(), stage.namespace, ExecOptions(["true"]))
    with pytest.raises(NotReady):
        await anext(stage.platform.logs(stage.name(), stage.namespace, LogQuery()))


async def test_root_is_had_by_nobody_who_has_none(stage: Stage) -> None:
    await stage.platform.create(stage.kode(suspend=True))
    with pytest.raises((InvalidSpec, NotReady)):
        await stage.platform.exec(stage.name(), stage.namespace, ExecOptions(["id"], root=True))


async def test_nothing_has_happened_to_a_kode_that_is_not_there(stage: Stage) -> None:
    assert await stage.platform.events(stage.namespace, stage.name()) == ()


def test_a_person_is_told_which_platform_it_is(stage: Stage) -> None:
    assert stage.platform.display_name
