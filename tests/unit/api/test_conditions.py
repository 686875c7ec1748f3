"""kode.api.conditions."""

import re

import pytest

from kode.api.conditions import ConditionType, DocumentedEnum, Phase, Reason


@pytest.mark.parametrize("word", [*ConditionType, *Reason, *Phase])
def test_word_is_camel_case_and_has_a_sentence(word: DocumentedEnum) -> None:
    assert re.fullmatch(r"([A-Z][a-z]+)+", word.value)
    assert re.fullmatch(r"[A-Z].*\.", word.doc)


def test_reason_is_found_by_its_value() -> None:
    assert Reason("Valid") is Reason.VALID  # type: ignore[call-arg]  # the doc belongs to members
