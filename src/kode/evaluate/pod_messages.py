"""What is said of a pod that does not come up, ended, or does not go.

Rule: times are told as they stand, never how long ago they were, so that a message stays as it is.
"""

from kode.evaluate import backoff
from kode.evaluate.backoff import seconds_between
from kode.evaluate.observed import START_TIMEOUT, PodView

_SILENT_SECONDS = 90
"""For this long an editor that has not answered yet is just starting."""
_LOST_SECONDS = 60
"""For this long after its grace a pod that is being deleted may still be ending."""


def lost(pod: PodView, now: str, noun: str) -> str:
    """Return what is to be said of a pod that its node does not end; empty for nothing.

    Args:
        pod: the pod.
        now: RFC 3339 time in UTC.
        noun: what people call it.
    """
    if not pod.node or seconds_between(pod.delete_by, now) < _LOST_SECONDS:
        return ""
    return (
        f"node {pod.node} has not ended the {noun} that was to be gone by {pod.delete_by}; it may "
        "be lost. No other is made before, because two would write to one disk: bring the node "
        "back, or when it is off for certain delete it, or taint it with "
        "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"
    )


def describe_end(pod: PodView, noun: str) -> str:
    """Return that a pod ended as a whole, and when there is to be another.

    Args:
        pod: the pod.
        noun: what people call it.
    """
    if not backoff.delay(pod):
        return f"the {noun} ended and is replaced: {pod.terminated}"
    return (
        f"the {noun} ended, {backoff.failures(pod)} times one after the other, and is replaced at "
        f"{backoff.due_at(pod)}: {pod.terminated}"
    )


def silence(pod: PodView, now: str, port: int, image: str) -> str:
    """Return what is to be said of an editor that has never answered; empty for nothing yet.

    Args:
        pod: the pod.
        now: RFC 3339 time in UTC.
        port: where it is expected to listen; 0 where that is not known.
        image: name of the published image that is expected; empty for any.
    """
    minutes = START_TIMEOUT // 60
    if pod.failure and pod.failure.kind == "silent":
        return (
            f"nothing answered{_where(port, image)} within {minutes} minutes, so the editor was "
            "restarted, and is waited for as long again; its log may say why: kode logs"
        )
    if pod.failure or seconds_between(pod.silent_since, now) < _SILENT_SECONDS:
        return ""
    return (
        f"nothing answers{_where(port, image)} since the editor was started at "
        f"{pod.silent_since}; it is restarted when nothing has for {minutes} minutes"
    )


def _where(port: int, image: str) -> str:
    if not port:
        return ""
    expected = f", where an image like {image} listens" if image else ""
    return f" on port {port}{expected},"
