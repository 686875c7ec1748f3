"""The status of a Kode as it is written, and whether it differs from what stands there.

Rule: the same observation gives the same status, so that an idle Kode is never written.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kode.api.conditions import Condition
from kode.evaluate.conditions import Observation, conditions, phase


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
    return {
        "observedGeneration": generation,
        "templateGeneration": template_generation,
        "phase": phase(seen, told[-1]).value,
        "conditions": _stamped(told, previous, generation=generation, now=now),
    }


def _stamped(
    told: Sequence[Condition], previous: Mapping[str, Any], *, generation: int, now: str
) -> list[dict[str, Any]]:
    found = previous.get("conditions")
    before = {
        item.get("type"): item
        for item in (found if isinstance(found, list) else [])
        if isinstance(item, Mapping)
    }
    result = []
    for condition in told:
        word = "True" if condition.status else "False"
        old = before.get(condition.type.value, {})
        moved = old.get("status") != word or "lastTransitionTime" not in old
        result.append(
            {
                "type": condition.type.value,
                "status": word,
                "reason": condition.reason.value,
                "message": condition.message,
                "observedGeneration": generation,
                "lastTransitionTime": now if moved else old["lastTransitionTime"],
            }
        )
    return result
