"""kode.evaluate.backoff."""

from dataclasses import replace
from typing import Any

import pytest

from kode import labels
from kode.evaluate import backoff
from kode.evaluate.observed import PodView, pod_view

MADE = "2026-01-01T00:00:00Z"


def ended(failures: int = 0, *, at: str = "2026-01-01T00:01:00Z") -> PodView:
    pod = pod_view({"metadata": {"creationTimestamp": MADE}, "status": {"phase": "Failed"}})
    return replace(pod, failures=failures, ended_at=at)


@pytest.mark.parametrize(
    ("failures", "delay"),
    [(0, 0), (1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (999999, 300)],
)
def test_delay_doubles_from_the_second_failure_on(failures: int, delay: int) -> None:
    pod = ended(failures)
    assert backoff.delay(pod) == delay
    assert backoff.failures(pod) == failures + 1
    assert backoff.seconds_left(pod, "2026-01-01T00:01:01Z") == max(0, delay - 1)


def test_pod_that_lived_long_begins_a_new_count() -> None:
    pod = ended(5, at="2026-01-01T00:10:00Z")
    assert (backoff.failures(pod), backoff.delay(pod)) == (1, 0)


def test_time_of_the_next_pod_is_told() -> None:
    assert backoff.due_at(ended(1)) == "2026-01-01T00:01:10Z"
    assert backoff.due_at(ended(1, at="")) == ""
    assert backoff.seconds_left(ended(1), "") == 10


@pytest.mark.parametrize(
    ("status", "at"),
    [
        ({}, MADE),
        ({"conditions": [{"type": "Ready", "lastTransitionTime": "2026-01-01T00:02:00Z"}]}, "02"),
        (
            {
                "conditions": [{"type": "Ready", "lastTransitionTime": "2026-01-01T00:02:00Z"}],
                "containerStatuses": [
                    {"state": {"terminated": {"finishedAt": "2026-01-01T00:03:00Z"}}},
                    {"state": {"waiting": {}}},
                ],
            },
            "03",
        ),
    ],
)
def test_pod_ended_when_the_last_thing_happened_to_it(status: dict[str, Any], at: str) -> None:
    pod = {"metadata": {"creationTimestamp": MADE}, "status": {"phase": "Failed", **status}}
    assert pod_view(pod).ended_at == (at if at == MADE else f"2026-01-01T00:{at}:00Z")


@pytest.mark.parametrize(("text", "count"), [("3", 3), ("-1", 0), ("x", 0), ("9" * 7, 0)])
def test_count_is_read_from_the_pod(text: str, count: int) -> None:
    pod = {"metadata": {"annotations": {labels.FAILURES: text}}}
    assert pod_view(pod).failures == count
