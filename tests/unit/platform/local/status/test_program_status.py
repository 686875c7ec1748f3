"""kode.platform.local.status.program_status."""

import pytest

from kode import labels
from kode.platform.local.program import ProgramPhase, State
from kode.platform.local.status.program_status import as_pod_view


def state(phase: ProgramPhase, **more: object) -> State:
    return State(phase=phase, digest="d", since=1.0, **more)  # type: ignore[arg-type]


def test_nothing_runs() -> None:
    assert as_pod_view(None, "m") is None
    assert as_pod_view(state(ProgramPhase.STOPPED), "m") is None


@pytest.mark.parametrize(
    ("phase", "ready", "answered", "stopping"),
    [
        (ProgramPhase.STARTING, False, False, False),
        (ProgramPhase.RUNNING, True, True, False),
        (ProgramPhase.UNHEALTHY, False, True, False),
        (ProgramPhase.STOPPING, False, False, True),
    ],
)
def test_a_phase_is_a_view(
    phase: ProgramPhase, *, ready: bool, answered: bool, stopping: bool
) -> None:
    found = as_pod_view(state(phase), "m")
    assert found
    assert (found.ready, found.was_ready, found.stopping) == (ready, answered, stopping)
    assert found.annotations == {labels.POD_HASH: "m"}
    assert found.failure is None


def test_an_end_is_told_with_its_last_words() -> None:
    found = as_pod_view(
        state(ProgramPhase.BACKOFF, step="editor", exit_code=3, message="no such flag"), "m"
    )
    assert found
    assert found.failure
    assert not found.failure.init
    assert found.failure.message == "editor ended with exit code 3: no such flag"


def test_the_next_try_is_in_trouble_until_it_answers() -> None:
    failed = state(ProgramPhase.BACKOFF, step="dotfiles", exit_code=1)
    found = as_pod_view(state(ProgramPhase.STARTING, restarts=2), "m", failed)
    assert found
    assert found.failure
    assert found.failure.init
    assert found.failure.message == "dotfiles ended with exit code 1"
    running = as_pod_view(state(ProgramPhase.RUNNING, restarts=2), "m", failed)
    assert running
    assert running.failure is None
    first = as_pod_view(state(ProgramPhase.STARTING), "m")
    assert first
    assert first.failure is None


def test_why_it_does_not_answer_any_more_is_told() -> None:
    found = as_pod_view(state(ProgramPhase.UNHEALTHY, message="its socket is gone"), "m")
    assert found
    assert found.unanswered == "its socket is gone"
    running = as_pod_view(state(ProgramPhase.RUNNING, message="the log loses lines"), "m")
    assert running
    assert not running.unanswered
