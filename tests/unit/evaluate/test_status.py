"""kode.evaluate.status."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.evaluate.conditions import Observation
from kode.evaluate.status import status

SEEN = Observation(claim={"status": {"phase": "Bound"}})


def of(seen: Observation = SEEN, previous: Any = None, now: str = "10:00") -> dict[str, Any]:
    return status(seen, generation=2, template_generation=3, previous=previous or {}, now=now)


def test_status_names_the_generations_it_speaks_of() -> None:
    found = of()
    assert (found["observedGeneration"], found["templateGeneration"]) == (2, 3)
    assert {item["observedGeneration"] for item in found["conditions"]} == {2}


def test_same_observation_later_is_the_same_status() -> None:
    assert of(previous=of(), now="11:00") == of()


def test_time_moves_only_with_the_status_of_a_condition() -> None:
    told = of(previous=of(), now="11:00", seen=Observation(suspend=True))
    moved = {item["type"] for item in told["conditions"] if item["lastTransitionTime"] == "11:00"}
    assert moved == {"StorageReady", "Suspended"}


def test_words_of_the_api_server_with_another_id_are_the_same_status() -> None:
    def failed(text: str) -> Observation:
        return Observation(problems=[PlatformError(Reason.PLATFORM_ERROR, text)])

    before = of(failed("request 4fc3a91b2e failed"))
    assert of(failed("request 91b2e4fc3a failed"), before, "11:00") == before


@pytest.mark.parametrize(
    "previous",
    [
        {"conditions": None},
        {"conditions": "x"},
        {"conditions": [1, {}, {"type": "Ready"}]},
        {"conditions": [{"type": "Ready", "status": "False", "reason": "Starting"}]},
    ],
)
def test_odd_status_of_before_is_written_over(previous: dict[str, Any]) -> None:
    assert of(previous=previous) == of()


TEXTS = st.text(max_size=20)


@given(one=st.lists(TEXTS, max_size=3), other=st.lists(TEXTS, max_size=3), suspend=st.booleans())
def test_status_comes_to_rest_whatever_is_quoted(
    one: list[str], other: list[str], *, suspend: bool
) -> None:
    before = of(Observation(notes=one, suspend=suspend))
    after = of(Observation(notes=other, suspend=suspend), before, "11:00")
    assert of(Observation(notes=other, suspend=suspend), after, "12:00") == after
