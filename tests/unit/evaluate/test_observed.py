"""kode.evaluate.observed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kode.evaluate.observed import START_TIMEOUT, claim_phase, pod_view

Object = dict[str, Any]


def pod(*containers: Object, init: tuple[Object, ...] = (), **status: Any) -> Object:
    statuses = {"containerStatuses": list(containers), "initContainerStatuses": list(init)}
    return {"status": {**statuses, **status}}


def waiting(reason: str, message: str | None = None, **more: Any) -> Object:
    state: Object = {"reason": reason}
    if message is not None:
        state["message"] = message
    return {"name": "editor", "image": "x:y", "state": {"waiting": state}, **more}


def ended(code: int, **more: Any) -> Object:
    return {"terminated": {"exitCode": code, **more}}


def ready(status: str, moved: str) -> Object:
    return {"conditions": [{"type": "Ready", "status": status, "lastTransitionTime": moved}]}


@pytest.mark.parametrize(
    ("container", "kind", "message"),
    [
        (waiting("ErrImagePull", "denied"), "pull", "image x:y cannot be pulled: denied"),
        (
            waiting("ImagePullBackOff", 'Back-off pulling image "x:y": ErrImagePull: denied'),
            "pull",
            "image x:y cannot be pulled: denied",
        ),
        (
            waiting("ImagePullBackOff", 'Back-off pulling image "x:y"'),
            "pull",
            "image x:y cannot be pulled",
        ),
        (waiting("InvalidImageName"), "pull", "image x:y cannot be pulled"),
        (
            waiting("CreateContainerConfigError", 'secret "a"\n not found'),
            "config",
            'container editor: secret "a" not found',
        ),
        (waiting("CrashLoopBackOff"), "crash", "container editor ended with exit code ?"),
        (
            waiting("CrashLoopBackOff", lastState=ended(137, reason="OOMKilled")),
            "crash",
            "container editor ended with exit code 137 (out of memory)",
        ),
        (
            {"name": "editor", "state": ended(1, message="line\nlast words\n")},
            "crash",
            "container editor ended with exit code 1: line last words",
        ),
        (
            {"name": "editor", "state": {"running": {}}, "lastState": ended(0)},
            "crash",
            "container editor ended with exit code 0",
        ),
    ],
)
def test_trouble_is_told_in_the_words_of_the_kubelet(
    container: Object, kind: str, message: str
) -> None:
    found = pod_view(pod(container)).failure
    assert found is not None
    assert (found.kind, found.message, found.init) == (kind, message, False)


@pytest.mark.parametrize(
    "found",
    [
        pod({"name": "editor", "state": {"running": {}}}),
        pod({"name": "editor", "ready": True, "lastState": ended(1), "state": {"running": {}}}),
        pod(init=({"name": "folders", "state": ended(0)},)),
        pod(init=({"name": "folders", "ready": True, "state": ended(0), "lastState": ended(1)},)),
        pod(waiting("PodInitializing")),
        {},
    ],
)
def test_no_trouble(found: Object) -> None:
    assert pod_view(found).failure is None


def test_trouble_before_the_editor_comes_first() -> None:
    init = {"name": "plugin-a", "state": ended(2)}
    found = pod_view(pod(waiting("ErrImagePull"), init=(init,))).failure
    assert found is not None
    assert (found.init, found.container) == (True, "plugin-a")


def test_last_words_are_the_last_500_characters() -> None:
    found = pod_view(pod({"name": "editor", "state": ended(1, message="x" * 600 + "end")})).failure
    assert found is not None
    assert found.message.endswith("x" * 497 + "end")
    assert len(found.message) < 560


RUNNING = {"running": {"startedAt": "2026-01-01T00:00:10Z"}}


@pytest.mark.parametrize(
    ("state", "moved", "answered"),
    [
        (RUNNING, "2026-01-01T00:00:12Z", True),
        (RUNNING, "2026-01-01T00:00:10Z", False),
        (RUNNING, "2026-01-01T00:00:05Z", False),
        (RUNNING, "", False),
        ({"waiting": {}}, "2026-01-01T00:00:12Z", False),
    ],
)
def test_editor_has_answered_when_readiness_moved_after_its_start(
    state: Object, moved: str, *, answered: bool
) -> None:
    found = pod_view(pod({"name": "editor", "state": state}, **ready("False", moved)))
    assert found.was_ready is answered


def test_pod_without_a_word_is_nothing_yet() -> None:
    found = pod_view({})
    assert not any((found.ready, found.stopping, found.started, found.was_ready))
    assert (found.unschedulable, found.terminated, found.annotations) == (None, None, {})


def test_scheduler_that_says_nothing_is_quoted_anyhow() -> None:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    assert pod_view(pod(conditions=[scheduled])).unschedulable == "no node takes the pod"


def test_pod_that_ended_without_a_word_says_its_phase() -> None:
    assert pod_view(pod(phase="Succeeded")).terminated == "Succeeded: the pod ended"


@pytest.mark.parametrize(
    ("claim", "phase"),
    [({}, "Pending"), ({"status": {"phase": "Bound"}}, "Bound"), ({"status": 1}, "Pending")],
)
def test_claim_without_a_phase_is_pending(claim: Object, phase: str) -> None:
    assert claim_phase(claim) == phase


KEYS = ["metadata", "status", "conditions", "containerStatuses", "initContainerStatuses", "state"]
WORDS = ["type", "name", "waiting", "terminated", "running", "exitCode", "reason", "message"]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*KEYS, *WORDS, "lastState", "phase"]), inner, max_size=4)
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from([*KEYS, "spec"]), ODD))
def test_reading_never_fails(found: Object) -> None:
    pod_view(found)
    claim_phase(found)


def _ended_after(seconds: float, code: int = 143, **more: Any) -> Object:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    times = {"startedAt": began, "finishedAt": began + timedelta(seconds=seconds)}
    return ended(code, **{key: time.isoformat() for key, time in times.items()}, **more)


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (_ended_after(START_TIMEOUT), "silent"),
        (_ended_after(START_TIMEOUT + 31, 137), "silent"),
        (_ended_after(START_TIMEOUT, 137, reason="OOMKilled"), "crash"),
        (_ended_after(START_TIMEOUT, 1), "crash"),
        (_ended_after(START_TIMEOUT - 1), "crash"),
        (_ended_after(86400), "crash"),
        (ended(143), "crash"),
        (ended(143, startedAt="x", finishedAt="y"), "crash"),
        (ended(143, startedAt=None, finishedAt=1), "crash"),
        (ended(143, startedAt="2026-01-01T00:00:00Z", finishedAt="2026-01-01T00:10:00"), "crash"),
    ],
)
@pytest.mark.parametrize("state", [{"running": {}}, {"waiting": {"reason": "CrashLoopBackOff"}}])
def test_an_editor_that_the_kubelet_gave_up_is_told_from_one_that_crashed(
    last: Object, kind: str, state: Object
) -> None:
    trouble = pod_view(pod({"name": "editor", "state": state, "lastState": last})).failure
    assert trouble is not None
    assert trouble.kind == kind


def test_the_sidecar_is_never_taken_for_silent() -> None:
    trouble = pod_view(pod({"name": "envoy", "lastState": _ended_after(START_TIMEOUT)})).failure
    assert trouble is not None
    assert trouble.kind == "crash"


@pytest.mark.parametrize(
    ("more", "since"),
    [
        ({}, "2026-01-01T10:00:00Z"),
        ({"started": True}, ""),
    ],
)
def test_an_editor_is_silent_from_its_start_until_it_answers(more: Object, since: str) -> None:
    running = {"running": {"startedAt": "2026-01-01T10:00:00Z"}}
    assert pod_view(pod({"name": "editor", "state": running, **more})).silent_since == since
    answered = ready("False", "2026-01-01T10:00:01Z")
    assert pod_view(pod({"name": "editor", "state": running}, **answered)).silent_since == ""


@pytest.mark.parametrize(
    ("init", "remark"),
    [
        ({"name": "dotfiles", "state": ended(0, message="wanted  v1\n")}, "wanted v1"),
        ({"name": "dotfiles", "state": ended(0)}, ""),
        ({"name": "dotfiles", "state": ended(1, message="no")}, ""),
        ({"name": "plugin-dotfiles", "state": ended(0, message="a secret")}, ""),
    ],
)
def test_only_the_dotfiles_remarks_are_told(init: Object, remark: str) -> None:
    assert pod_view(pod(init=(init,))).remark == remark
