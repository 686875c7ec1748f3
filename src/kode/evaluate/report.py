"""From an observation to what is written of it: a status and Events, the same on any platform.

Rule: what stands already is not written again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kode.api.meta import Object
from kode.evaluate.conditions import Observation
from kode.evaluate.events import KodeEvent, events_for
from kode.evaluate.status import status as status_of


@dataclass(frozen=True)
class Report:
    """What is written of a Kode.

    Attributes:
        status: the whole status.
        events: the Events that tell what is new in it.
    """

    status: Mapping[str, Any]
    events: tuple[KodeEvent, ...]


def report(
    observation: Observation,
    kode: Object,
    template: Object | None,
    now: str,
    also: Mapping[str, Any] | None = None,
) -> Report | None:
    """Return what is to be written of a Kode; None where it stands so already.

    Args:
        observation: what was observed.
        kode: the Kode as it was read.
        template: its template as it was read; None where there is none.
        now: RFC 3339 time in UTC.
        also: further fields of the status, which only one platform tells.
    """
    previous = kode.get("status") or {}
    status = status_of(
        observation,
        generation=_generation(kode),
        template_generation=_generation(template),
        previous=previous,
        now=now,
    )
    status |= also or {}
    # Of what stands there besides, another platform tells, or the API server's defaults.
    if all(key in previous and previous[key] == value for key, value in status.items()):
        return None
    return Report(status, events_for(status, previous))


def _generation(document: Object | None) -> int:
    return int(((document or {}).get("metadata") or {}).get("generation", 0))
