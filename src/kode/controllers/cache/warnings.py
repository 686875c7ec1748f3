"""What Kubernetes warns of, above all about claims: the words that a condition quotes.

Rule: of the warnings about one object those that began last come first, whichever was repeated
last, so that two that take turns do not rewrite a status for ever. Few are kept, of few objects.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from kode.api.meta import Object
from kode.desired.references import Ref

_MAX_OBJECTS = 5000
_MAX_WARNINGS = 3


class WarningEvents:
    """Warnings by the object that they are about."""

    def __init__(self) -> None:
        """Begin empty."""
        self._found: OrderedDict[tuple[Ref, str], dict[str, str]] = OrderedDict()

    def put(self, event: Object) -> Ref | None:
        """Remember a warning; return the object that it is about where that is news."""
        about = event.get("involvedObject") or {}
        message = str(event.get("message") or "").strip()
        ref = Ref(str(about.get("kind")), str(about.get("namespace", "")), str(about.get("name")))
        place = (ref, str(about.get("uid", "")))
        before = self._words(place)
        if not message or message in self._found.get(place, {}):
            return None
        known = self._found.setdefault(place, {})
        known[message] = _began(event)
        for prune in sorted(known, key=known.__getitem__, reverse=True)[_MAX_WARNINGS:]:
            del known[prune]
        self._found.move_to_end(place)
        if len(self._found) > _MAX_OBJECTS:
            self._found.popitem(last=False)
        return ref if self._words(place) != before else None

    def about(self, live: Object) -> tuple[str, ...]:
        """Return the warnings about an object, the one that began last first."""
        metadata = live["metadata"]
        ref = Ref(str(live["kind"]), str(metadata.get("namespace", "")), str(metadata["name"]))
        return self._words((ref, str(metadata.get("uid", ""))))

    def _words(self, place: tuple[Ref, str]) -> tuple[str, ...]:
        known: Mapping[str, Any] = self._found.get(place, {})
        return tuple(sorted(known, key=lambda message: (known[message], message), reverse=True))


def _began(event: Object) -> str:
    for value in (event.get("firstTimestamp"), event.get("eventTime")):
        if value:
            return str(value)
    return str(event["metadata"].get("creationTimestamp", ""))
