"""When a pod that ended as a whole is made again.

Rule: the pod itself says how often that has happened, and it stays until its time has come; so the
delay outlives an operator, and its log can be read meanwhile.
"""

from datetime import datetime, timedelta

from kode.evaluate.observed import PodView

MIN_DELAY = 10
"""Seconds before the pod after the second failure; the first is followed by one at once."""
MAX_DELAY = 300
"""Seconds between two pods at most."""
STABLE_SECONDS = 600
"""A pod that lived for as long has not failed for the reason of those before it."""
_MAX_DOUBLINGS = 5


def failures(pod: PodView) -> int:
    """Return how many pods have failed one after the other, when this one has."""
    lived = seconds_between(pod.made_at, pod.ended_at)
    return 1 if lived >= STABLE_SECONDS else pod.failures + 1


def delay(pod: PodView) -> int:
    """Return for how many seconds a pod that ended stays, before another takes its place."""
    times = failures(pod) - 1
    return min(MAX_DELAY, MIN_DELAY * 2 ** min(times - 1, _MAX_DOUBLINGS)) if times else 0


def seconds_left(pod: PodView, now: str) -> float:
    """Return in how many seconds the next pod is due; 0 for now."""
    return max(0.0, delay(pod) - seconds_between(pod.ended_at, now))


def due_at(pod: PodView) -> str:
    """Return when the next pod is due, as RFC 3339 time; empty where that is not known."""
    try:
        due = datetime.fromisoformat(pod.ended_at) + timedelta(seconds=delay(pod))
    except ValueError:
        return ""
    return due.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_between(earlier: str, later: str) -> float:
    """Return the seconds between two RFC 3339 times; 0 where one is none."""
    try:
        return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
    except (TypeError, ValueError):
        return 0.0
