"""What Kubernetes warns of."""

from kode.controllers.cache.warnings import WarningEvents
from kode.desired.references import Ref
from tests.unit.controllers.objects import Object, child, foreign

CLAIM = child("PersistentVolumeClaim", "dev-home")
REF = Ref("PersistentVolumeClaim", "team", "dev-home")


def _warning(message: str, began: str = "", about: Object = CLAIM) -> Object:
    event = foreign("Event", "warning", message=message, firstTimestamp=began)
    event["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    event["involvedObject"] = {"kind": about["kind"], **about["metadata"]}
    return event


def test_the_warning_that_began_last_comes_first_whichever_is_repeated() -> None:
    notes = WarningEvents()
    assert notes.put(_warning("first", "2026-01-01T00:00:01Z")) == REF
    assert notes.put(_warning("second", "2026-01-01T00:00:02Z")) == REF
    assert notes.put(_warning("first", "2026-01-01T00:00:01Z")) is None
    assert notes.about(CLAIM) == ("second", "first")


def test_only_the_newest_few_are_kept() -> None:
    notes = WarningEvents()
    for number in range(1, 6):
        notes.put(_warning(str(number), f"2026-01-01T00:00:0{number}Z"))
    assert notes.about(CLAIM) == ("5", "4", "3")
    assert notes.put(_warning("0", "2026-01-01T00:00:00Z")) is None


def test_the_warnings_of_an_earlier_object_of_the_name_are_not_this_ones() -> None:
    notes = WarningEvents()
    notes.put(_warning("old"))
    later = {**CLAIM, "metadata": {**CLAIM["metadata"], "uid": "another"}}
    assert notes.about(later) == ()


def test_a_warning_without_words_or_object_is_no_news() -> None:
    notes = WarningEvents()
    assert notes.put(_warning("  ")) is None
    assert notes.put({"metadata": {}, "message": "about nothing"}) is not None
    assert notes.about(CLAIM) == ()


def test_of_too_many_objects_the_oldest_are_forgotten() -> None:
    notes = WarningEvents()
    notes.put(_warning("old"))
    for number in range(5000):
        notes.put(_warning("new", about=child("StatefulSet", str(number))))
    assert notes.about(CLAIM) == ()
    assert notes.about(child("StatefulSet", "4999")) == ("new",)
