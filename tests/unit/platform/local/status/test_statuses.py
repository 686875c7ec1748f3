"""kode.platform.local.status: which status a reader may believe."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kode.api.meta import Object
from kode.evaluate import standing
from kode.platform.local.paths import Paths
from kode.platform.local.platform import LocalPlatform
from kode.platform.local.shim import procfs
from kode.platform.local.status import daemon_info as records
from kode.platform.local.status.daemon_info import DaemonInfo
from kode.platform.local.status.statuses import Statuses, stop
from kode.platform.local.store.store import LocalStore
from kode.platform.port import WatchEvent
from tests.documents import document

PLACE = "team"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "cache")


@pytest.fixture
def store(paths: Paths) -> Iterator[LocalStore]:
    found = LocalStore(paths.store)
    yield found
    found.close()


@pytest.fixture
async def local(paths: Paths) -> AsyncIterator[LocalPlatform]:
    found = LocalPlatform(paths)
    yield found
    await found.close()


def kode(store: LocalStore, name: str = "dev", status: str = "True") -> Object:
    """Make a Kode of which somebody has told."""
    ref = {"kind": "KodeTemplate", "name": "base"}
    made = store.create(document("Kode", name, {"templateRef": ref}))
    return store.write_status(made, told(status))


def told(status: str) -> dict[str, Any]:
    """Return a status of one condition for each that speaks of what runs."""
    rest = {"status": status, "reason": "Running", "message": "", "lastTransitionTime": "10:00"}
    conditions = [{"type": kind, **rest} for kind in ("WorkloadReady", "Ready")]
    return {"phase": "Running", "conditions": conditions}


def ready(found: Object) -> str:
    """Return the status of Ready."""
    return str(next(it for it in found["status"]["conditions"] if it["type"] == "Ready")["status"])


def run(paths: Paths, since: str) -> DaemonInfo:
    """Write that this very process is a platform that runs."""
    row = procfs.row(os.getpid())
    assert row is not None
    found = DaemonInfo(row.pid, row.start, "", 0.0, "", boot=procfs.boot(), statuses_since=since)
    paths.run.mkdir(parents=True, exist_ok=True)
    records.write(paths, found)
    return found


async def test_a_run_begins_with_nobody_ready(store: LocalStore) -> None:
    kode(store, "one")
    kode(store, "two")
    statuses = Statuses(store)
    await statuses.begin()
    assert {ready(item) for item in store.list("Kode").items} == {"Unknown"}
    assert statuses.since == store.version()


async def test_what_was_found_before_a_withdrawal_is_not_written_after_it(
    store: LocalStore,
) -> None:
    found = kode(store)
    statuses = Statuses(store)
    turn = statuses.turn
    withdrawal = statuses.withdraw(standing.stopping)
    # From the call on, also while the store still waits for the disk.
    assert not statuses.write(found, told("True"), turn)
    await withdrawal
    assert not statuses.write(found, told("True"), turn)
    assert ready(store.get("Kode", "dev", PLACE)) == "False"
    assert statuses.write(found, told("True"), statuses.turn)
    assert ready(store.get("Kode", "dev", PLACE)) == "True"


def test_a_status_of_a_kode_that_is_gone_counts_for_nothing(store: LocalStore) -> None:
    found = kode(store)
    store.delete("Kode", "dev", PLACE)
    statuses = Statuses(store)
    assert not statuses.write(found, told("True"), statuses.turn)


async def test_while_no_platform_runs_nobody_reads_that_a_kode_is_ready(
    store: LocalStore, local: LocalPlatform
) -> None:
    made = kode(store)
    found = [
        await local.get("Kode", "dev", PLACE),
        *(await local.list("Kode")).items,
        await local.suspend("dev", PLACE, suspended=True),
        await local.suspend("dev", PLACE, suspended=False),
        await local.restart("dev", PLACE),
        (await local.apply({**made, "metadata": {"name": "dev", "namespace": PLACE}})).document,
        await local.replace(store.get("Kode", "dev", PLACE)),
    ]
    assert {ready(item) for item in found} == {"Unknown"}
    assert ready(store.get("Kode", "dev", PLACE)) == "True"
    stop(store)
    assert ready(await local.get("Kode", "dev", PLACE)) == "False"


async def test_what_an_earlier_run_has_said_is_not_this_ones(
    paths: Paths, store: LocalStore, local: LocalPlatform
) -> None:
    made = kode(store)
    run(paths, store.version())
    assert ready(await local.get("Kode", "dev", PLACE)) == "Unknown"
    store.write_status(made, {**told("True"), "phase": "said by this run"})
    assert ready(await local.get("Kode", "dev", PLACE)) == "True"


def test_a_process_of_another_boot_is_no_platform(paths: Paths) -> None:
    found = run(paths, "0")
    assert records.find_daemon(paths) == found
    records.write(paths, replace(found, boot="another"))
    assert records.find_daemon(paths) is None
    records.write(paths, replace(found, start=found.start + 1))
    assert records.find_daemon(paths) is None


async def test_a_watch_tells_that_the_platform_has_ended(
    paths: Paths, store: LocalStore, local: LocalPlatform
) -> None:
    made = kode(store)
    run(paths, "0")
    since = (await local.list("Kode")).version
    changes = local.watch("Kode", since)
    try:
        step = asyncio.ensure_future(anext(changes))
        store.write_status(made, {**told("True"), "phase": "again"})
        assert ready((await step).document) == "True"
        records.info_path(paths).unlink()
        change = await following(changes)
        assert (change.type, ready(change.document)) == ("MODIFIED", "Unknown")
        run(paths, store.version())
        store.write_status(made, told("True"))
        assert ready((await following(changes)).document) == "True"
    finally:
        await changes.aclose()


async def test_a_watch_that_begins_after_the_end_tells_of_it(
    store: LocalStore, local: LocalPlatform
) -> None:
    kode(store)
    changes = local.watch("Kode", store.version())
    try:
        assert ready((await following(changes)).document) == "Unknown"
    finally:
        await changes.aclose()


async def following(changes: AsyncGenerator[WatchEvent, None]) -> WatchEvent:
    """Return the change that comes next."""
    return await asyncio.wait_for(anext(changes), 30)
