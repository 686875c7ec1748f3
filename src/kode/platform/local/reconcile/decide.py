"""One reconcile, decided: from what was gathered to what is written, run and led to.

Rule: pure. What cannot be resolved stops nothing that runs; what is not permitted does. Who may
come in is decided anew each time, whether or not the editor goes on as it is.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from kode.api.conditions import Reason
from kode.api.kode import Kode
from kode.api.meta import Object
from kode.desired import homes
from kode.desired.desired_state import DesiredState
from kode.desired.fallback import fallback_sidecar
from kode.errors import KodeError, NotReady, RefNotFound
from kode.evaluate.conditions import WITHHELD
from kode.gateway.sidecar import Sidecar
from kode.platform.local.program import State
from kode.platform.local.reconcile import guard, volumes
from kode.platform.local.reconcile.gather import LocalInputs
from kode.platform.local.reconcile.resolve import ResolvedInputs, without_password
from kode.platform.local.reconcile.revision import (
    Revision,
    is_update_pending,
    revision_of,
    with_restart_mark,
)
from kode.platform.local.runtime.host import HostContext
from kode.platform.local.runtime.plan import Plan, plan
from kode.platform.local.status.statuses import is_suspended
from kode.render.storage import claim_name

_EARLIER = "an earlier Kode of this name is being stopped"


@dataclass(frozen=True)
class Machine:
    """What this machine has for a Kode, beside the store.

    Attributes:
        host: what its program needs; why that is not to be had; None where nothing was resolved.
        volume: folder of its home.
        revision: what was made for it last; None where that is not known.
        program: what the supervisor knows of its program; None where there is none.
        has_volume: whether the folder of its home is there.
        has_leftovers: whether something of an earlier Kode of its name is being stopped.
        is_stopping: whether its program is being stopped.
        session: a random value by which a login can be remembered.
        lock: a random value from which the key of an image with a lock of its own can be made.
    """

    host: HostContext | KodeError | None
    volume: Path = Path()
    revision: Revision | None = None
    program: State | None = None
    has_volume: bool = False
    has_leftovers: bool = False
    is_stopping: bool = False
    session: str = field(default="", repr=False)
    lock: str = field(default="", repr=False)


@dataclass(frozen=True)
class Writes:
    """Documents to write, in this order.

    Attributes:
        secret: the Secret of the Kode's login; None for none.
        kode: the Kode without its password, once that is in the Secret; None for none.
        claim: the claim of its home; None for none.
        is_new_claim: whether the folder of its home is made before the claim is written.
    """

    secret: Object | None = field(default=None, repr=False)
    kode: Object | None = None
    claim: Object | None = None
    is_new_claim: bool = False


@dataclass(frozen=True)
class LocalDecision:
    """The outcome of one reconcile.

    Attributes:
        writes: what is written, before anything runs.
        stop: whether its program is to be stopped.
        run: what is to run from now on; None where what runs, if anything, is left as it is.
        plan: what would run; None where that is not known.
        previous: what was made for it last; None where that is not known.
        revision: what is run, or kept, with what is to stand before it now; None where that cannot
            be said.
        update_pending: whether what runs is kept though its template has changed.
        refusal: why Envoy refuses the proxy config; empty where it does not.
        is_guarded: whether the proxy config before the refused one guards the editor.
        is_lost: whether the files of its home are gone.
        claim: the claim of its home as it is to be.
        home_claim: uid of the claim that was made for its home; empty where it is not there.
        problems: what stands in the way, the first found first.
        notes: what is on its way.
    """

    writes: Writes = Writes()
    stop: bool = False
    run: Plan | None = None
    plan: Plan | None = None
    previous: Revision | None = None
    revision: Revision | None = None
    update_pending: bool = False
    refusal: str = ""
    is_guarded: bool = False
    is_lost: bool = False
    claim: Object | None = None
    home_claim: str = ""
    problems: tuple[KodeError, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def fallback(self) -> Sidecar | None:
        """What guards the editor where Envoy refuses the revision's sidecar; None for nothing."""
        if self.previous is None or self.revision is None:
            return None
        return fallback_sidecar(self.previous.sidecar, self.revision.sidecar)


def decide(inputs: LocalInputs, resolved: ResolvedInputs, machine: Machine) -> LocalDecision:
    """Return what one reconcile writes, runs and stops.

    Args:
        inputs: what the store has.
        resolved: what the Kode means.
        machine: what this machine has for it.
    """
    suspend = is_suspended(inputs.kode)
    base = LocalDecision(
        writes=_writes(inputs, resolved),
        stop=suspend or any(it.reason in WITHHELD for it in resolved.problems),
        previous=machine.revision,
        revision=_kept_revision(resolved, machine),
        claim=resolved.claim or inputs.claim,
        problems=resolved.problems,
    )
    if machine.has_leftovers:
        return replace(base, notes=(_EARLIER,))
    if resolved.kode is None or resolved.desired is None:
        return base
    home = _look_at_home(base, inputs, resolved.desired, machine)
    if machine.host is None or isinstance(machine.host, KodeError):
        return _without_host(home, machine.host)
    try:
        lock = _lock(resolved.desired, machine)
        planned = plan(resolved.desired, replace(machine.host, lock=lock))
    except KodeError as error:
        return _without_host(home, error)
    planned = replace(planned, program=with_restart_mark(planned.program, inputs))
    revision = _revision(inputs, (resolved.kode, resolved.desired), planned, machine)
    revision = replace(revision, lock=lock)
    pending = not suspend and is_update_pending(machine.revision, revision, machine.program)
    decided = replace(
        home,
        plan=planned,
        revision=home.revision if pending else revision,
        update_pending=pending,
    )
    if suspend or pending or machine.is_stopping or home.is_lost:
        return decided
    uid = resolved.desired.kode.uid
    return replace(decided, run=planned, home_claim=volumes.home_claim(inputs, uid))


def refuse(decision: LocalDecision, refusal: str, *, guarded: bool) -> LocalDecision:
    """Return a decision whose sidecar Envoy refuses.

    Args:
        decision: as it was decided.
        refusal: why Envoy refuses the sidecar.
        guarded: whether Envoy takes the fallback; without one nobody is let in.
    """
    fallback = decision.fallback
    if decision.revision is None or fallback is None or not guarded:
        return replace(decision, refusal=refusal)
    revision = replace(decision.revision, sidecar=fallback)
    return replace(decision, revision=revision, refusal=refusal, is_guarded=True)


def _writes(inputs: LocalInputs, resolved: ResolvedInputs) -> Writes:
    stripped = without_password(inputs.kode)
    safe = resolved.kode is not None and resolved.login.credentials is not None
    return Writes(
        secret=resolved.login.secret_to_write,
        kode=stripped if safe else None,
        claim=resolved.claim,
        is_new_claim=resolved.claim is not None and inputs.claim is None,
    )


def _look_at_home(
    decision: LocalDecision, inputs: LocalInputs, desired: DesiredState, machine: Machine
) -> LocalDecision:
    if machine.has_volume:
        return replace(decision, home_claim=volumes.home_claim(inputs, desired.kode.uid))
    if not volumes.is_lost(inputs, desired.kode):
        return decision
    # An empty home made in silence would look like lost work that nobody told of.
    text = (
        f"the folder of the home is gone: {machine.volume}. Put it back, or begin anew with an "
        f"empty home: {homes.begin_anew(desired.kode.name)}"
    )
    problem = RefNotFound(Reason.CLAIM_LOST, text)
    return replace(decision, is_lost=True, problems=(*decision.problems, problem))


def _without_host(decision: LocalDecision, problem: KodeError | None) -> LocalDecision:
    if isinstance(problem, NotReady):
        return replace(decision, notes=(str(problem),))
    return replace(decision, problems=(*decision.problems, *([problem] if problem else ())))


def _lock(desired: DesiredState, machine: Machine) -> str:
    """Return what the key of an image with a lock of its own is made from; empty without a lock."""
    if not desired.kode.image_profile.uses_basic_auth:
        return ""
    return (machine.revision.lock if machine.revision else "") or machine.lock


def _kept_revision(resolved: ResolvedInputs, machine: Machine) -> Revision | None:
    """Return what runs, with what is to stand before it now; None where nothing is known to."""
    kept = machine.revision
    if kept is None:
        return None
    before, session = kept.sidecar, machine.session
    if resolved.desired is None:
        sidecar = guard.unresolved_sidecar(before, resolved.login.credentials, session)
    else:
        sidecar = guard.desired_sidecar(resolved.desired, before.upstream, before, session)
    return replace(kept, sidecar=sidecar)


def _revision(
    inputs: LocalInputs, kode: tuple[Kode, DesiredState], planned: Plan, machine: Machine
) -> Revision:
    document, desired = kode
    before = machine.revision.sidecar if machine.revision else None
    sidecar = guard.desired_sidecar(desired, planned.upstream, before, machine.session)
    claim = claim_name(desired.kode)
    return revision_of(inputs, (document, desired.kode), planned.program, sidecar, claim)
