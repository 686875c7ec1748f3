"""kode.evaluate.standing."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import RefNotFound
from kode.evaluate import standing
from kode.evaluate.conditions import Observation
from kode.evaluate.observed import ContainerFailure, PodView, pod_view
from kode.evaluate.status import status

UP = pod_view({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
CRASHED = PodView(
    ready=False,
    stopping=False,
    started=False,
    was_ready=False,
    unschedulable=None,
    failure=ContainerFailure("crash", "editor", False, "editor ended with exit code 3"),
    terminated=None,
    annotations={},
)
BOUND = {"status": {"phase": "Bound"}}
LOST = RefNotFound(Reason.TEMPLATE_NOT_FOUND, "no such template")

Status = Mapping[str, Any]


def status_of(**seen: Any) -> dict[str, Any]:
    """Return what a platform has told at ten."""
    found = Observation(claim=BOUND, **seen)
    return status(found, generation=2, template_generation=3, previous={}, now="10:00")


RUNS, FAILS = status_of(pod=UP), status_of(pod=CRASHED)
WAITS = status_of(pod=None, problems=[LOST])
SUSPENDED, STOPS = status_of(suspend=True), status_of(suspend=True, pod=UP)

NOBODY: dict[str, Callable[[Status], Status]] = {
    "awaited": lambda of: standing.awaited(of, "11:00", suspend=of is STOPS),
    "orphaned": standing.orphaned,
    "stopping": lambda of: standing.stopping(of, "11:00"),
    "stopped": lambda of: standing.stopped(of, "11:00", suspend=of is STOPS),
    "unserved": lambda of: standing.unserved(of, "11:00", message="no gateway"),
}


def summary(of: Status, kind: str = "Ready") -> tuple[str, str, str]:
    """Return status, reason and time of a condition."""
    found = next(item for item in of["conditions"] if item["type"] == kind)
    return found["status"], found["reason"], found["lastTransitionTime"]


def seen(of: Status) -> tuple[str, tuple[str, str, str], tuple[str, str, str]]:
    """Return phase, WorkloadReady and Ready."""
    return of["phase"], summary(of, "WorkloadReady"), summary(of)


@pytest.mark.parametrize("change", NOBODY.values(), ids=NOBODY)
@pytest.mark.parametrize("before", [RUNS, FAILS, WAITS, STOPS, SUSPENDED, {}])
def test_nobody_is_ready_whom_nobody_looks_after(
    before: Status, change: Callable[[Status], Status]
) -> None:
    told = {item["type"]: item["status"] for item in change(before).get("conditions", ())}
    assert told.get("Ready") != "True"


@pytest.mark.parametrize("change", NOBODY.values(), ids=NOBODY)
@pytest.mark.parametrize("before", [SUSPENDED, {}], ids=["suspended", "never looked at"])
def test_what_tells_of_nothing_that_runs_stands(
    before: Status, change: Callable[[Status], Status]
) -> None:
    assert change(before) is before


@pytest.mark.parametrize("change", NOBODY.values(), ids=NOBODY)
def test_what_follows_from_the_documents_stands(change: Callable[[Status], Status]) -> None:
    for before in (RUNS, FAILS, WAITS):
        after = change(before)
        assert {**after, "phase": "", "conditions": []} == {**before, "phase": "", "conditions": []}
        for kind in ("Accepted", "ResolvedRefs", "StorageReady", "Suspended"):
            assert summary(after, kind) == summary(before, kind)
        generations = {item["observedGeneration"] for item in after["conditions"]}
        assert generations == {2}


@pytest.mark.parametrize("change", NOBODY.values(), ids=NOBODY)
def test_said_twice_it_is_the_same(change: Callable[[Status], Status]) -> None:
    for before in (RUNS, FAILS, WAITS):
        assert change(change(before)) == change(before)


def test_a_platform_that_begins_has_looked_at_nothing() -> None:
    fresh = ("Unknown", "Starting", "11:00")
    for before in (RUNS, FAILS, WAITS, standing.stopped(RUNS, "10:30", suspend=False)):
        after = standing.awaited(before, "11:00", suspend=False)
        assert seen(after) == ("Starting", fresh, fresh)
    unknown = ("Unknown", "Stopping", "11:00")
    after = standing.awaited(STOPS, "11:00", suspend=True)
    assert seen(after) == ("Stopping", unknown, unknown)
    assert summary(after, "Suspended")[0] == "False"


def test_of_a_platform_that_died_nobody_knows_when() -> None:
    unknown = ("Unknown", "PlatformStopped", "10:00")
    for before in (RUNS, FAILS, WAITS, STOPS):
        assert seen(standing.orphaned(before)) == ("Unknown", unknown, unknown)
    ended = standing.stopped(RUNS, "11:00", suspend=False)
    assert standing.orphaned(ended) is ended


def test_a_platform_that_ends_takes_back_that_kodes_are_ready() -> None:
    no = ("False", "PlatformStopped", "11:00")
    assert seen(standing.stopping(RUNS, "11:00")) == ("Stopping", no, no)
    for before in (FAILS, WAITS, STOPS):
        assert standing.stopping(before, "11:00") is before


def test_once_it_has_ended_all_is_stopped() -> None:
    no = ("False", "PlatformStopped", "11:00")
    assert seen(standing.stopped(RUNS, "11:00", suspend=False)) == ("Stopped", no, no)
    for before in (FAILS, WAITS):
        since = ("False", "PlatformStopped", "10:00")
        assert seen(standing.stopped(before, "11:00", suspend=False)) == ("Stopped", since, since)
    after = standing.stopped(STOPS, "11:00", suspend=True)
    rests = ("False", "Suspended", "10:00")
    assert seen(after) == ("Suspended", rests, rests)
    assert summary(after, "Suspended") == ("True", "Suspended", "11:00")


def test_who_is_ready_after_a_restart_was_started_since() -> None:
    no = ("False", "Starting", "11:00")
    assert seen(standing.restarting(RUNS, "11:00")) == ("Starting", no, no)
    for before in (FAILS, WAITS, STOPS):
        assert standing.restarting(before, "11:00") is before


def test_without_a_gateway_the_editor_runs_and_nobody_reaches_it() -> None:
    after = standing.unserved(RUNS, "11:00", message="no gateway")
    no = ("False", "GatewayNotReady", "11:00")
    assert seen(after) == ("Starting", summary(RUNS, "WorkloadReady"), no)
    for before in (FAILS, WAITS, STOPS):
        assert standing.unserved(before, "11:00", message="no gateway") is before
