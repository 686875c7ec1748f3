"""kode.evaluate.conditions: what each says is in the golden files."""

from dataclasses import replace

import pytest

from kode.api.conditions import ConditionType, Phase, Reason
from kode.errors import InvalidSpec, KodeError, RefNotFound
from kode.evaluate.conditions import WITHHELD, Observation, conditions, phase
from kode.evaluate.observed import pod_view

UP = pod_view({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})


def test_every_type_is_told_in_order() -> None:
    told = [item.type for item in conditions(Observation(unsupported=["NodePort"]))]
    assert told == list(ConditionType)


def test_degraded_is_told_only_where_something_cannot_be_had() -> None:
    assert ConditionType.DEGRADED not in {item.type for item in conditions(Observation())}
    told = conditions(Observation(unsupported=["service.type NodePort", "runtimeClassName"]))[-1]
    assert told.status
    assert told.reason is Reason.NOT_ON_LOCAL_PLATFORM
    assert told.message.endswith(": service.type NodePort; runtimeClassName")


def test_long_message_is_cut() -> None:
    seen = Observation(problems=[InvalidSpec(Reason.INVALID_SPEC, "x" * 5000)])
    assert {len(item.message) for item in conditions(seen)} <= {0, 1027, *range(60)}


def test_first_problem_of_a_kind_is_told() -> None:
    first = RefNotFound(Reason.SECRET_NOT_FOUND, "first")
    second = RefNotFound(Reason.TEMPLATE_NOT_FOUND, "second")
    told = conditions(Observation(problems=[first, second]))
    assert [item.message for item in told if item.type is ConditionType.RESOLVED_REFS] == ["first"]


@pytest.mark.parametrize("reason", Reason)
def test_every_problem_makes_some_condition_false_or_says_why(reason: Reason) -> None:
    told = conditions(Observation(problems=[InvalidSpec(reason, "words")], claim=None))
    assert not told[-1].status
    assert isinstance(phase(Observation(), told[-1]), Phase)


def test_running_editor_stays_ready_whatever_is_wrong_but_leave() -> None:
    for reason in Reason:
        seen = Observation(problems=[InvalidSpec(reason, "words")], pod=UP)
        assert conditions(seen)[-1].status is (reason not in WITHHELD)


@pytest.mark.parametrize("reason", sorted(WITHHELD))
@pytest.mark.parametrize("before", [[], [InvalidSpec(Reason.INVALID_SPEC, "broken")]])
def test_kode_that_is_not_permitted_is_suspended_and_says_why(
    reason: Reason, before: list[KodeError]
) -> None:
    problems = [*before, RefNotFound(reason, "why")]
    for pod, word in ((UP, Phase.STOPPING), (None, Phase.SUSPENDED)):
        seen = Observation(problems=problems, pod=pod)
        told = {item.type: item for item in conditions(seen)}
        assert phase(seen, told[ConditionType.READY]) is word
        assert not told[ConditionType.READY].status
        assert told[ConditionType.READY].reason is reason
        suspended = told[ConditionType.SUSPENDED]
        assert suspended.status is (pod is None)
        assert (suspended.reason is reason) is (pod is None)


def test_suspend_of_its_own_is_told_as_such_though_it_is_not_permitted_either() -> None:
    problems = [InvalidSpec(Reason.NOT_PERMITTED, "why")]
    told = {it.type: it for it in conditions(Observation(problems=problems, suspend=True))}
    assert told[ConditionType.SUSPENDED].reason is Reason.SUSPENDED


@pytest.mark.parametrize("suspend", [True, False])
def test_suspended_kode_is_never_ready(*, suspend: bool) -> None:
    told = {item.type: item for item in conditions(Observation(suspend=suspend, pod=UP))}
    assert told[ConditionType.READY].status is not suspend
    assert not told[ConditionType.SUSPENDED].status


@pytest.mark.parametrize(("why", "end"), [("", "any more"), ("gone", "any more: gone")])
def test_why_an_editor_does_not_answer_any_more_is_told(why: str, end: str) -> None:
    silent = replace(UP, ready=False, was_ready=True, unanswered=why)
    told = {item.type: item for item in conditions(Observation(pod=silent))}
    assert told[ConditionType.WORKLOAD_READY].reason is Reason.UNHEALTHY
    assert told[ConditionType.WORKLOAD_READY].message.endswith(end)


def test_an_editor_that_no_gateway_leads_to_is_not_ready() -> None:
    bound = {"status": {"phase": "Bound"}}
    seen = Observation(claim=bound, pod=UP, unserved="no gateway")
    told = {item.type: item for item in conditions(seen)}
    assert told[ConditionType.WORKLOAD_READY].status
    ready = told[ConditionType.READY]
    assert (ready.status, ready.reason) == (False, Reason.GATEWAY_NOT_READY)
    assert phase(seen, ready) is Phase.STARTING


def test_why_a_gateway_refuses_says_more_than_that_it_does_not_lead_there() -> None:
    bound = {"status": {"phase": "Bound"}}
    for reason, told in (
        (Reason.PROXY_CONFIG_INVALID, Reason.PROXY_CONFIG_INVALID),
        (Reason.TEMPLATE_NOT_FOUND, Reason.GATEWAY_NOT_READY),
    ):
        problems = [RefNotFound(reason, "wrong")]
        seen = Observation(claim=bound, pod=UP, problems=problems, unserved="no gateway")
        ready = conditions(seen)[-1]
        assert (ready.status, ready.reason) == (False, told)
