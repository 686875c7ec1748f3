"""What a status says that the one before it did not: the Events that people are shown.

Rule: an Event tells of the Ready condition alone, and only where its reason or message moved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kode.api.conditions import Reason
from kode.evaluate.conditions import ACCEPTED_REASONS, REF_REASONS, REFUSED

_WARNINGS = (
    ACCEPTED_REASONS
    | REF_REASONS
    | REFUSED
    | frozenset(
        {
            Reason.CLAIM_NOT_FOUND,
            Reason.CLAIM_RETAINED,
            Reason.CLAIM_LOST,
            Reason.CLAIM_TERMINATING,
            Reason.CLAIM_DELETED,
            Reason.UNSCHEDULABLE,
            Reason.IMAGE_PULL_FAILED,
            Reason.CONTAINER_CONFIG_FAILED,
            Reason.INIT_FAILED,
            Reason.CRASH_LOOPING,
            Reason.UNHEALTHY,
            Reason.NOT_OWNED,
            Reason.POD_FAILED,
            Reason.NODE_LOST,
        }
    )
)
_NEWS = frozenset({Reason.UPDATE_PENDING, Reason.SUSPENDED})


@dataclass(frozen=True)
class KodeEvent:
    """A Kubernetes Event on the Kode.

    Attributes:
        type: Normal or Warning.
        reason: the reason of the condition that it tells of.
        message: what a person should know.
    """

    type: Literal["Normal", "Warning"]
    reason: Reason
    message: str


def events_for(status: Mapping[str, Any], previous: Mapping[str, Any]) -> tuple[KodeEvent, ...]:
    """Return the Events of a status that follows another one."""
    now, before = summary(status), summary(previous)
    if (now["reason"], now["message"]) == (before.get("reason"), before.get("message")):
        return ()
    reason = next(item for item in Reason if item.value == now["reason"])
    if reason in _WARNINGS:
        return (KodeEvent("Warning", reason, now["message"]),)
    if reason in _NEWS and reason != before.get("reason"):
        return (KodeEvent("Normal", reason, now["message"]),)
    return ()


def summary(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the Ready condition of a status as it is written; empty where there is none."""
    found: Sequence[Mapping[str, Any]] = status.get("conditions") or ()
    return next((item for item in found if item.get("type") == "Ready"), {})
