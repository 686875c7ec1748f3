"""Status and Events."""

from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.controllers.cache.caches import Caches
from kode.controllers.report import Reporter
from kode.errors import PlatformError
from kode.evaluate.events import KodeEvent
from kode.kube.errors import NamespaceTerminating
from tests.unit.controllers.cluster import Cluster
from tests.unit.controllers.objects import KEY, kode

NOTICE = KodeEvent("Warning", Reason.UNSCHEDULABLE, "no node")


def _setting() -> tuple[Cluster, Caches, Reporter, dict[str, Any]]:
    cluster, caches = Cluster(), Caches(lambda _: None)
    stands = cluster.stand({**kode(), "status": {"phase": "Pending", "old": 1}})
    caches.kodes.put(stands)
    seen = caches.kodes.get(KEY)
    assert seen is not None
    return cluster, caches, Reporter(cluster, caches), seen


async def test_a_status_is_written_whole_and_known_at_once() -> None:
    cluster, caches, reporter, seen = _setting()
    assert await reporter.report(seen, {"phase": "Running"})
    assert cluster.writes == ["status Kode dev"]
    found = caches.kodes.get(KEY)
    assert found is not None
    assert found["status"] == {"phase": "Running"}


async def test_a_kode_that_changed_meanwhile_is_told() -> None:
    cluster, _, reporter, seen = _setting()
    cluster.objects["Kode", "team", "dev"]["metadata"]["generation"] = 2
    assert not await reporter.report(seen, {"phase": "Running"})


async def test_a_kode_that_is_gone_is_forgotten() -> None:
    cluster, caches, reporter, seen = _setting()
    cluster.objects.clear()
    assert not await reporter.report(seen, {"phase": "Running"})
    assert caches.kodes.get(KEY) is None


async def test_the_same_news_twice_is_one_event_that_counts() -> None:
    cluster, _, reporter, seen = _setting()
    for _ in range(3):
        await reporter.record(seen, (NOTICE,))
    (event,) = [found for place, found in cluster.objects.items() if place[0] == "Event"]
    assert event["series"]["count"] == 3
    assert event["regarding"]["name"] == "dev"
    assert (event["type"], event["reason"], event["note"]) == (
        "Warning",
        "Unschedulable",
        "no node",
    )


async def test_other_news_are_another_event() -> None:
    cluster, _, reporter, seen = _setting()
    await reporter.record(seen, (NOTICE, KodeEvent("Normal", Reason.SUSPENDED, "x" * 5000)))
    events = [found for place, found in cluster.objects.items() if place[0] == "Event"]
    assert len(events) == 2
    assert max(len(event["note"]) for event in events) <= 1024


async def test_no_word_is_lost_on_an_event_of_a_namespace_that_goes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cluster, _, reporter, seen = _setting()
    cluster.trouble = lambda _: NamespaceTerminating(Reason.PLATFORM_ERROR, "being terminated")
    await reporter.record(seen, (NOTICE,))
    assert caplog.text == ""


async def test_an_event_that_cannot_be_written_is_only_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cluster, _, reporter, seen = _setting()
    cluster.trouble = lambda _: PlatformError(Reason.PLATFORM_ERROR, "full")
    await reporter.record(seen, (NOTICE,))
    assert "an Event is lost: full" in caplog.text
