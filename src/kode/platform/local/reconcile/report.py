"""What came of one reconcile: the route to the editor, and what is reported of the Kode.

Rule: pure. It follows from what was decided and from what the supervisor and the gateway say then.
"""

from dataclasses import dataclass, replace
from typing import Literal

from kode import names
from kode.api.conditions import Reason
from kode.desired import references
from kode.errors import KodeError, RefNotFound
from kode.evaluate.conditions import Observation
from kode.evaluate.observed import PodView
from kode.evaluate.report import Report
from kode.evaluate.report import report as report_of
from kode.platform.local.gateway import Route
from kode.platform.local.program import ProgramPhase, State
from kode.platform.local.reconcile.decide import LocalDecision
from kode.platform.local.reconcile.gather import LocalInputs
from kode.platform.local.status.program_status import as_pod_view
from kode.platform.local.status.statuses import is_suspended

_MAX_REFUSAL = 600
"""Characters of it, so that what follows is told whatever Envoy says."""


@dataclass(frozen=True)
class ProgramProgress:
    """How far what was decided is.

    Attributes:
        program: what the supervisor knows of the program; None where there is none.
        failure: what it knew when the program last ended badly; None where it has run since.
        unserved: why the gateway does not lead to the editor; empty where it does.
    """

    program: State | None
    failure: State | None = None
    unserved: str = ""


def route_to(
    inputs: LocalInputs, decision: LocalDecision, instance: str, program: State | None
) -> Route:
    """Return the route of a Kode.

    Args:
        inputs: what the store has.
        decision: what was decided of it.
        instance: the Kode's.
        program: what the supervisor knows of its program; None where there is none.
    """
    name, namespace = _name(inputs)
    state = _route_state(decision, program)
    revision = decision.revision
    return Route(
        id=instance,
        hosts=(f"{names.host(name, namespace)}.localhost",),
        title=f"{namespace}/{name}",
        state=state,
        # Before it answers there is nowhere to lead to: Envoy would look for it in vain, and
        # then wait before it looks again.
        sidecar=revision.sidecar if revision and state == "running" else None,
    )


def report(
    inputs: LocalInputs, decision: LocalDecision, progress: ProgramProgress, url: str, now: str
) -> Report | None:
    """Return what is to be written of a Kode; None where it stands so already.

    Args:
        inputs: what the store has.
        decision: what was decided of it.
        progress: how far that is.
        url: where a browser finds the platform.
        now: RFC 3339 time in UTC.
    """
    previous = inputs.kode.get("status") or {}
    also = {"url": f"{_url_of(inputs, url)}/"}
    if decision.plan:
        also["runtime"] = decision.plan.runtime
    elif "runtime" in previous:
        also["runtime"] = previous["runtime"]
    return report_of(observe(inputs, decision, progress), inputs.kode, inputs.template, now, also)


def observe(inputs: LocalInputs, decision: LocalDecision, progress: ProgramProgress) -> Observation:
    """Return what the conditions of a Kode follow from."""
    problems: list[KodeError] = list(decision.problems)
    if decision.refusal:
        problems.append(RefNotFound(Reason.PROXY_CONFIG_INVALID, _refusal(inputs, decision)))
    revision = decision.revision
    return Observation(
        problems=problems,
        suspend=is_suspended(inputs.kode),
        claim=decision.claim,
        home_claim=decision.home_claim,
        pod=_view(decision, progress),
        pod_hash=revision.pod_hash if revision else None,
        update_pending=decision.update_pending,
        notes=decision.notes,
        unsupported=decision.plan.unsupported if decision.plan else (),
        unserved=progress.unserved,
        noun="editor",
    )


def _refusal(inputs: LocalInputs, decision: LocalDecision) -> str:
    """Return that Envoy refuses the proxy config, and who gets in meanwhile."""
    ref = references.proxy_config_of(inputs.template) if inputs.template else None
    name = f"proxy config {ref.name}" if ref else "the proxy config"
    meanwhile = "nobody is let in until it is fixed"
    if decision.is_guarded:
        meanwhile = "the one before it still guards the editor"
    return f"Envoy refuses {name}: {decision.refusal[:_MAX_REFUSAL]}; {meanwhile}"


def _view(decision: LocalDecision, progress: ProgramProgress) -> PodView | None:
    state = progress.program
    if state is not None and _is_on_its_way_out(state, decision):
        state = replace(state, phase=ProgramPhase.STOPPING)
    pod_hash = decision.revision.pod_hash if decision.revision else ""
    return as_pod_view(state, pod_hash, progress.failure)


def _is_on_its_way_out(state: State, decision: LocalDecision) -> bool:
    """Tell whether what runs is what was wanted before, and not the start that was asked for."""
    if decision.plan is None or decision.update_pending or decision.is_lost:
        return False
    runs = state.phase in (ProgramPhase.RUNNING, ProgramPhase.UNHEALTHY)
    return runs and state.digest != decision.plan.program.digest


def _route_state(
    decision: LocalDecision, program: State | None
) -> Literal["starting", "running", "stopped", "failed"]:
    phase = program.phase if program else ProgramPhase.STOPPED
    if phase in (ProgramPhase.RUNNING, ProgramPhase.UNHEALTHY):
        return "running"
    if phase in (ProgramPhase.STARTING, ProgramPhase.BACKOFF):
        return "failed" if program and program.restarts else "starting"
    if decision.notes:
        return "starting"
    return "failed" if decision.problems else "stopped"


def _url_of(inputs: LocalInputs, url: str) -> str:
    scheme, _, place = url.partition("://")
    name, namespace = _name(inputs)
    return f"{scheme}://{names.host(name, namespace)}.{place}"


def _name(inputs: LocalInputs) -> tuple[str, str]:
    metadata = inputs.kode["metadata"]
    return str(metadata["name"]), str(metadata["namespace"])
