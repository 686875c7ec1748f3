"""What a supervisor knows of a program, as the conditions read it.

Rule: the same view as of a pod, so that both platforms tell the same in the same words; nothing in
it changes while nothing happens.
"""

from kode import labels
from kode.evaluate.observed import PodView, Trouble
from kode.platform.local.program import Phase, State

EDITOR = "editor"
"""Name of the step that is the editor itself."""


def view(state: State | None, made: str) -> PodView | None:
    """Return the view of a program; None where nothing of it runs or is about to.

    Args:
        state: what the supervisor knows; None for a program that it was never asked for.
        made: what the program says of itself in the place of a pod's hash.
    """
    if state is None or state.phase is Phase.STOPPED:
        return None
    running = state.phase is Phase.RUNNING
    return PodView(
        ready=running,
        stopping=state.phase is Phase.STOPPING,
        started=running or state.phase is Phase.UNHEALTHY,
        answered=running or state.phase is Phase.UNHEALTHY,
        unschedulable=None,
        trouble=_trouble(state),
        ended=None,
        annotations={labels.POD_HASH: made},
    )


def _trouble(state: State) -> Trouble | None:
    # A start after a failure is in trouble yet: else the condition would flap with each try.
    failed = state.phase is Phase.WAITING or (state.phase is Phase.STARTING and state.restarts)
    if not failed or not state.step:
        return None
    words = f": {state.words}" if state.words else ""
    code = "" if state.exit_code is None else f" with exit code {state.exit_code}"
    is_editor = state.step == EDITOR
    return Trouble("crash", state.step, not is_editor, f"{state.step} ended{code}{words}")
