"""What a supervisor knows of a program, as the conditions read it.

Rule: the same view as of a pod, so that both platforms tell the same in the same words; nothing in
it changes while nothing happens.
"""

from kode import labels
from kode.api import layout
from kode.evaluate.observed import ContainerFailure, PodView
from kode.platform.local.program import ProgramPhase, State


def as_pod_view(state: State | None, made: str, failed: State | None = None) -> PodView | None:
    """Return the view of a program; None where nothing of it runs or is about to.

    Args:
        state: what the supervisor knows; None for a program that it was never asked for.
        made: what the program says of itself in the place of a pod's hash.
        failed: what it knew when the program last ended badly; None where it has not, or has run
            well since.
    """
    if state is None or state.phase is ProgramPhase.STOPPED:
        return None
    running = state.phase is ProgramPhase.RUNNING
    return PodView(
        ready=running,
        stopping=state.phase is ProgramPhase.STOPPING,
        started=running or state.phase is ProgramPhase.UNHEALTHY,
        was_ready=running or state.phase is ProgramPhase.UNHEALTHY,
        unschedulable=None,
        failure=_trouble(state, failed),
        terminated=None,
        annotations={labels.POD_HASH: made},
        unanswered=state.message if state.phase is ProgramPhase.UNHEALTHY else "",
    )


def _trouble(state: State, failed: State | None) -> ContainerFailure | None:
    # A start after a failure is in trouble yet: else the condition would flap with each try.
    last = state if state.phase is ProgramPhase.BACKOFF else failed
    if (
        last is None
        or not last.step
        or state.phase not in (ProgramPhase.BACKOFF, ProgramPhase.STARTING)
    ):
        return None
    message = f": {last.message}" if last.message else ""
    code = "" if last.exit_code is None else f" with exit code {last.exit_code}"
    is_editor = last.step == layout.EDITOR
    return ContainerFailure("crash", last.step, not is_editor, f"{last.step} ended{code}{message}")
