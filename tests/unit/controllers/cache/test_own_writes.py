"""Our own writes coming back."""

from kode.controllers.cache.own_writes import OwnWrites
from kode.controllers.inputs import KodeKey
from tests.unit.controllers.objects import KEY

PLACE = ("Secret", "team", "dev-auth")


def test_news_about_other_objects_are_told_at_once() -> None:
    told: list[KodeKey] = []
    echoes = OwnWrites(told.append)
    with echoes.suppress(PLACE):
        echoes.tell(("Secret", "team", "other"), 3, [KEY])
        assert told == [KEY]


def test_the_version_of_the_answer_is_no_news() -> None:
    told: list[KodeKey] = []
    echoes = OwnWrites(told.append)
    with echoes.suppress(PLACE) as answered:
        echoes.tell(PLACE, 5, [KEY])
        answered.append(5)
    assert told == []


def test_what_others_changed_meanwhile_is_news() -> None:
    told: list[KodeKey] = []
    echoes = OwnWrites(told.append)
    with echoes.suppress(PLACE) as answered:
        echoes.tell(PLACE, 4, [KEY])
        echoes.tell(PLACE, 5, [KEY])
        assert told == []
        answered.append(5)
    assert told == [KEY]


def test_without_an_answer_all_is_news() -> None:
    told: list[KodeKey] = []
    echoes = OwnWrites(told.append)
    with echoes.suppress(PLACE):
        echoes.tell(PLACE, 5, [KEY])
    assert told == [KEY]
    echoes.tell(PLACE, 6, [KEY])
    assert told == [KEY, KEY]
