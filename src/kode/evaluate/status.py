"""The status of a Kode as it is written, and whether it differs from what stands there.

Rule: the same observation gives the same status, so that an idle Kode is never written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kode.api.conditions import Condition, ConditionType, Reason
from kode.api.unstructured import get_dicts
from kode.evaluate.conditions import REFUSED, Observation, conditions, phase
from kode.evaluate.messages import stable_message

_QUOTES = REFUSED | frozenset(
    {
        Reason.CLAIM_PENDING,
        Reason.STARTING,
        Reason.UNSCHEDULABLE,
        Reason.IMAGE_PULL_FAILED,
        Reason.CONTAINER_CONFIG_FAILED,
        Reason.INIT_FAILED,
        Reason.CRASH_LOOPING,
        Reason.PLATFORM_ERROR,
    }
)
"""Reasons whose message is in the words of Kubernetes."""


def status(
    seen: Observation,
    *,
    generation: int,
    template_generation: int,
    previous: Mapping[str, Any],
    now: str,
) -> dict[str, Any]:
    """Return the whole status.

    Args:
        seen: what was observed.
        generation: metadata.generation of the Kode.
        template_generation: metadata.generation of its template; 0 when it is not found.
        previous: the status that stands there.
        now: RFC 3339 time in UTC.
    """
    told = conditions(seen)
    summary = next(item for item in told if item.type is ConditionType.READY)
    stamp = _Stamp(generation, now, seen.notes)
    return {
        "observedGeneration": generation,
        "templateGeneration": template_generation,
        "phase": phase(seen, summary).value,
        "homeClaim": seen.home_claim or str(previous.get("homeClaim") or ""),
        "conditions": [stamp.mark(item, _find(previous, item.type)) for item in told],
    }


@dataclass(frozen=True)
class _Stamp:
    """What every condition of one pass has in common."""

    generation: int
    now: str
    notes: Sequence[str]

    def mark(self, condition: Condition, old: Mapping[str, Any]) -> dict[str, Any]:
        """Return a condition as it is written, given the one that stands there."""
        word = "True" if condition.status else "False"
        same_status = old.get("status") == word and "lastTransitionTime" in old
        message = condition.message
        if same_status and condition.reason in _QUOTES and old.get("reason") == condition.reason:
            message = stable_message(str(old.get("message", "")), message, self.notes)
        return {
            "type": condition.type.value,
            "status": word,
            "reason": condition.reason.value,
            "message": message,
            "observedGeneration": self.generation,
            "lastTransitionTime": old["lastTransitionTime"] if same_status else self.now,
        }


def _find(previous: Mapping[str, Any], kind: ConditionType) -> Mapping[str, Any]:
    conditions = get_dicts(previous, "conditions")
    return next((item for item in conditions if item.get("type") == kind.value), {})
