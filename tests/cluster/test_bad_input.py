"""Bad input is refused or told of, and nobody else notices.

Rule: all documents are put in one namespace, beside a healthy Kode that must not be touched.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from kode import names
from tests.cluster.api import Object, words
from tests.cluster.corpus import Case, cases, surroundings
from tests.cluster.documents import kode, stand_in
from tests.cluster.installation import Operator
from tests.cluster.place import Place, condition

HEALTHY = "bystander"
CASES = cases()


@dataclass
class Outcome:
    """What became of the corpus when it was sent."""

    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bystander:
    """All that can be seen of the healthy Kode."""

    objects: dict[tuple[str, str], tuple[str, str]]
    events: int
    restarts: int

    @classmethod
    def of(cls, place: Place) -> "Bystander":
        """Look at it."""
        pod = place.pod(HEALTHY)
        watched = {("Kode", HEALTHY): place.get("Kode", HEALTHY), **place.children(HEALTHY)}
        versions = {
            key: (item["metadata"]["uid"], item["metadata"]["resourceVersion"])
            for key, item in watched.items()
        }
        versions["Pod", HEALTHY] = (pod["metadata"]["uid"], "")
        restarts = sum(item["restartCount"] for item in pod["status"]["containerStatuses"])
        return cls(versions, len(place.events(HEALTHY)), restarts)


@pytest.fixture(scope="module")
def before(place: Place, elsewhere: Place, operator: Operator) -> tuple[Bystander, dict[str, int]]:
    """The healthy Kode and the operator, before anything bad came."""
    place.allow_grants()
    place.apply(*surroundings())
    elsewhere.apply(stand_in("private"))
    place.settled(HEALTHY)
    return Bystander.of(place), operator.restarts()


@pytest.fixture(scope="module")
def outcome(place: Place, elsewhere: Place, before: object) -> Iterator[Outcome]:
    """What the API server said to each document, once all have been sent."""
    del before
    found = Outcome()
    made = []
    for case in cases(elsewhere.namespace):
        answer = place.api.submit(case.text, case.kind, place.namespace)
        if answer.is_error:
            found.refused[str(case)] = (answer.status_code, words(answer))
            continue
        found.names[str(case)] = case.name
        made.append((case.kind, case.name))
        place.apply(*case.users())
    yield found
    for kind, name in made:
        if kind in ("KodeClusterTemplate", "EnvoyProxyClusterConfig"):
            place.api.delete(kind, name)


def test_the_corpus_is_large_and_each_document_is_told_apart() -> None:
    assert len(CASES) >= 120
    accepted = [case for case in CASES if case.outcome != "refused"]
    assert len(accepted) >= 40
    assert len({case.name for case in accepted}) == len(accepted)


@pytest.mark.parametrize("case", [it for it in CASES if it.outcome == "refused"], ids=str)
def test_it_is_refused_by_name(outcome: Outcome, case: Case) -> None:
    assert str(case) in outcome.refused, "it was accepted"
    code, message = outcome.refused[str(case)]
    assert 400 <= code < 500
    assert case.expected in message


@pytest.mark.parametrize("case", [it for it in CASES if it.outcome == "told"], ids=str)
def test_it_is_told(place: Place, outcome: Outcome, case: Case) -> None:
    assert str(case) not in outcome.refused, outcome.refused[str(case)]
    reason, _, text = case.expected.partition(" ")
    kode = place.wait(
        "Kode", outcome.names[str(case)], lambda seen: bool(_telling(seen, reason)), 60
    )
    assert text in _telling(kode, reason)["message"]


@pytest.mark.parametrize("case", [it for it in CASES if it.outcome == "taken"], ids=str)
def test_it_is_odd_but_fine(place: Place, outcome: Outcome, case: Case) -> None:
    assert str(case) not in outcome.refused, outcome.refused[str(case)]
    name = outcome.names[str(case)]
    told = place.told(name, "Suspended")
    assert condition(told, "Accepted")["status"] == "True"
    assert condition(told, "ResolvedRefs")["status"] == "True"
    place.get("Service", names.workload(name))


def _telling(seen: Object, reason: str) -> Object:
    """Return the condition, about the spec as it is now, that has this reason; else empty."""
    generation = seen["metadata"]["generation"]
    told = (seen.get("status") or {}).get("conditions", [])
    wanted = (it for it in told if it["reason"] == reason)
    return next((it for it in wanted if it["observedGeneration"] == generation), {})


def test_a_variable_cannot_take_the_editor_out_of_its_place(place: Place, outcome: Outcome) -> None:
    assert outcome.names
    place.told("env-takeover", "Suspended")
    place.edit("Kode", "env-takeover", {"spec": {"suspend": False}})
    spec = place.wait("Pod", "env-takeover", lambda _: True)["spec"]
    place.edit("Kode", "env-takeover", {"spec": {"suspend": True}})
    editor = next(it for it in spec["containers"] if it["name"] == "editor")
    variables = [(it["name"], it.get("value")) for it in editor["env"]]
    assert ("CODE_SERVER_HOST", "127.0.0.1") in variables
    assert ("PORT", "8443") in variables
    assert len({name for name, _ in variables}) == len(variables)


def test_the_operator_neither_crashed_nor_stumbled(
    place: Place,
    operator: Operator,
    outcome: Outcome,
    before: tuple[Bystander, dict[str, int]],
) -> None:
    assert outcome.names
    assert operator.restarts() == before[1]
    assert operator.tracebacks() == []
    place.apply(kode("afterwards", "plain"))
    place.ready("afterwards", seconds=30)


def test_the_bystander_was_not_touched(
    place: Place, outcome: Outcome, before: tuple[Bystander, dict[str, int]]
) -> None:
    assert outcome.names
    assert Bystander.of(place) == before[0]
    with place.door(HEALTHY) as door:
        assert door.status("/") == 401
