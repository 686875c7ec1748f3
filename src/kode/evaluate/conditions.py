"""From what is observed to what is told: one function a condition.

Rule: each condition follows from this pass's observation alone; transition times move only when a
status moves, reasons and messages always follow.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kode import labels
from kode.api.conditions import Condition, ConditionType, Phase, Reason
from kode.api.meta import Object
from kode.errors import KodeError
from kode.evaluate import pod_messages
from kode.evaluate.observed import ContainerFailure, PodView, claim_phase

ACCEPTED_REASONS = frozenset({Reason.INVALID_SPEC, Reason.NOT_PERMITTED})
"""Why a Kode is not accepted."""

REF_REASONS = frozenset(
    {
        Reason.TEMPLATE_NOT_FOUND,
        Reason.TEMPLATE_INVALID,
        Reason.PROXY_CONFIG_NOT_FOUND,
        Reason.PROXY_CONFIG_INVALID,
        Reason.SECRET_NOT_FOUND,
        Reason.SECRET_INVALID,
        Reason.REF_NOT_PERMITTED,
    }
)
"""Why what a Kode refers to cannot be used."""

WITHHELD = frozenset({Reason.NOT_PERMITTED, Reason.REF_NOT_PERMITTED})
"""What stops a Kode that runs, as its own suspend does, until it is permitted again."""

_STORAGE_REASONS = frozenset(
    {Reason.CLAIM_RETAINED, Reason.CLAIM_NOT_FOUND, Reason.CLAIM_DELETED, Reason.CLAIM_LOST}
)
_FILES_GO = frozenset({Reason.CLAIM_TERMINATING, Reason.CLAIM_DELETED, Reason.CLAIM_LOST})
"""Why a Kode's files are not kept."""
REFUSED = frozenset(
    {
        Reason.REJECTED,
        Reason.QUOTA_EXCEEDED,
        Reason.POD_SECURITY_VIOLATED,
        Reason.LIMIT_RANGE_VIOLATED,
        Reason.CLASS_NOT_FOUND,
    }
)
"""Why the API server does not take an object."""
_WORKLOAD_REASONS = REFUSED | frozenset(
    {
        Reason.NOT_OWNED,
        Reason.PLATFORM_ERROR,
        Reason.EDITOR_UNAVAILABLE,
        Reason.NOT_ON_LOCAL_PLATFORM,
    }
)
_ON_ITS_WAY = frozenset(
    {
        Reason.STARTING,
        Reason.UNHEALTHY,
        Reason.CLAIM_PENDING,
        Reason.GATEWAY_NOT_READY,
        Reason.POD_FAILED,
    }
)
_MAX_MESSAGE = 1024


@dataclass(frozen=True)
class Observation:
    """What the conditions of a Kode follow from.

    Attributes:
        problems: what stands in the way, the first found first.
        suspend: whether the Kode is to have no pod.
        claim: the claim of the home volume, live; None when there is none yet.
        home_claim: uid of that claim where the operator made it for the home; empty where it is
            not there.
        claim_change_ignored: fields of the claim that cannot be changed any more, for the message.
        resize_refused: the API server's words where the claim may not be made larger.
        pod: the Kode's pod; None when it has none.
        pod_hash: what an up-to-date pod says of itself; None when nothing could be rendered.
        update_pending: whether a running pod is kept though its template has changed.
        access_denied: whether access is denied to everybody.
        doubt: why the proxy config's filters do not open it; empty where it has none.
        notes: warnings of Kubernetes about the claim or the workload.
        unsupported: what was asked for and the platform cannot give.
        unserved: why the gateway does not lead to the editor; empty where it does.
        port: where the editor is expected to listen; 0 where that is not known.
        image: what is expected of its image: the name of a published one.
        now: RFC 3339 time in UTC.
        noun: what people call that which carries the editor: a pod, or on one machine the editor
            itself.
    """

    problems: Sequence[KodeError] = ()
    suspend: bool = False
    claim: Object | None = None
    home_claim: str = ""
    claim_change_ignored: Sequence[str] = ()
    resize_refused: str = ""
    pod: PodView | None = None
    pod_hash: str | None = None
    update_pending: bool = False
    access_denied: bool = False
    doubt: str = ""
    notes: Sequence[str] = ()
    unsupported: Sequence[str] = ()
    unserved: str = ""
    port: int = 0
    image: str = ""
    now: str = ""
    noun: str = "pod"


def conditions(seen: Observation) -> tuple[Condition, ...]:
    """Return every condition of a Kode, in the order of ConditionType."""
    accepted = _of_problem(seen, ConditionType.ACCEPTED, ACCEPTED_REASONS) or Condition(
        ConditionType.ACCEPTED, True, Reason.VALID
    )
    resolved = _of_problem(seen, ConditionType.RESOLVED_REFS, REF_REASONS) or Condition(
        ConditionType.RESOLVED_REFS, True, Reason.RESOLVED
    )
    storage = storage_ready(seen)
    workload = workload_ready(seen)
    before = (accepted, resolved, storage, workload)
    told = (*before, suspended(seen), ready(seen, before))
    return (*told, degraded(seen)) if seen.unsupported else told


def storage_ready(seen: Observation) -> Condition:
    """Return the condition of the home volume."""
    kind = ConditionType.STORAGE_READY
    problem = _of_problem(seen, kind, _STORAGE_REASONS)
    if problem:
        return problem
    if seen.claim is not None and "deletionTimestamp" in seen.claim.get("metadata", {}):
        return Condition(kind, False, Reason.CLAIM_TERMINATING, _cut(_terminating(seen)))
    phase = claim_phase(seen.claim) if seen.claim is not None else "Pending"
    if phase == "Lost":
        return Condition(kind, False, Reason.CLAIM_LOST, "the volume behind the claim is gone")
    if phase == "Bound":
        ignored = _ignored(seen)
        if ignored:
            return Condition(kind, True, Reason.CHANGE_IGNORED, _cut(ignored))
        return Condition(kind, True, Reason.BOUND)
    text = seen.notes[0] if seen.notes else "waiting for the claim to be bound to a volume"
    return Condition(kind, False, Reason.CLAIM_PENDING, _cut(text))


def _terminating(seen: Observation) -> str:
    """Return that the claim is on its way out, and what can still be done."""
    name = (seen.claim or {}).get("metadata", {}).get("name", "")
    if seen.pod is None:
        return f"claim {name} is being deleted, and its files with it"
    return (
        f"claim {name} is being deleted: it goes with its files when the {seen.noun} ends, so "
        "copy them elsewhere now, before anything stops or restarts it"
    )


def _ignored(seen: Observation) -> str:
    """Return which wishes about a bound claim are not followed, and why; empty for none."""
    told = []
    if seen.claim_change_ignored:
        fields = ", ".join(seen.claim_change_ignored)
        told.append(f"{fields} of an existing claim cannot be changed; the claim stays as it is")
    if seen.resize_refused:
        told.append(
            "the volume stays as large as it is, because making it larger is refused; tried again "
            f"once an hour: {seen.resize_refused}"
        )
    return "; ".join(told)


def workload_ready(seen: Observation) -> Condition:
    """Return the condition of the pod."""
    kind = ConditionType.WORKLOAD_READY
    problem = _of_problem(seen, kind, _WORKLOAD_REASONS)
    withheld = _of_problem(seen, kind, WITHHELD)
    if (seen.suspend or withheld) and seen.pod is not None:
        return _going(seen, seen.pod, Condition(kind, False, Reason.STOPPING, _stopping(seen)))
    if seen.suspend or withheld:
        until = "" if seen.suspend else " until it is permitted"
        kept = "" if storage_ready(seen).reason in _FILES_GO else ": the files are kept"
        text = f"suspended{until}{kept}"
        return problem or Condition(kind, False, Reason.SUSPENDED, text)
    if problem and seen.pod and seen.pod.ready and not seen.pod.stopping:
        # What could not be written does not reach into what runs.
        return replace(problem, status=True, message=_as_it_was(problem.message))
    if problem:
        return problem
    if seen.pod is None:
        return _without_pod(seen)
    return _with_pod(seen, seen.pod)


def _stopping(seen: Observation) -> str:
    return f"the {seen.noun} is stopping"


def _going(seen: Observation, pod: PodView, usual: Condition) -> Condition:
    """Return the condition of a pod that is being deleted: the usual one, or that it stays."""
    lost = pod_messages.lost(pod, seen.now, seen.noun)
    return replace(usual, reason=Reason.NODE_LOST, message=lost) if lost else usual


def suspended(seen: Observation) -> Condition:
    """Return whether there is no pod because the Kode is suspended, or is not permitted."""
    kind = ConditionType.SUSPENDED
    withheld = _of_problem(seen, kind, WITHHELD)
    if not (seen.suspend or withheld):
        return Condition(kind, False, Reason.NOT_SUSPENDED)
    if seen.pod is not None:
        return Condition(kind, False, Reason.STOPPING, _stopping(seen))
    if withheld and not seen.suspend:
        return replace(withheld, status=True)
    return Condition(kind, True, Reason.SUSPENDED)


def ready(seen: Observation, before: Sequence[Condition]) -> Condition:
    """Return the summary: whether a person can work, and the first thing that is wrong."""
    kind = ConditionType.READY
    *earlier, workload = before
    wrong = next((item for item in earlier if not item.status), None)
    withheld = None if seen.suspend else _of_problem(seen, kind, WITHHELD)
    if seen.suspend or withheld:
        gone = wrong if wrong and wrong.reason in _FILES_GO else None
        shown = withheld or gone or workload
        return Condition(kind, False, shown.reason, shown.message)
    if workload.status:
        return _within_reach(seen, workload, wrong)
    # While a pod is on its way, what it waits for says more than a claim that comes with it.
    if wrong and wrong.reason is not Reason.CLAIM_PENDING:
        return Condition(kind, False, wrong.reason, wrong.message)
    held_up = workload.reason is Reason.UNSCHEDULABLE and seen.notes
    if wrong and (workload.reason is Reason.STARTING or held_up):
        # No node takes a pod whose claim cannot be bound; the provisioner says why.
        return Condition(kind, False, wrong.reason, wrong.message)
    return Condition(kind, False, workload.reason, workload.message)


def _within_reach(seen: Observation, workload: Condition, wrong: Condition | None) -> Condition:
    """Return the summary where the editor answers."""
    kind = ConditionType.READY
    if seen.unserved:
        if wrong and wrong.reason is Reason.PROXY_CONFIG_INVALID:
            return Condition(kind, False, wrong.reason, wrong.message)
        return Condition(kind, False, Reason.GATEWAY_NOT_READY, seen.unserved)
    if wrong:
        return Condition(kind, True, wrong.reason, _as_it_was(wrong.message))
    return Condition(kind, True, workload.reason, workload.message)


def degraded(seen: Observation) -> Condition:
    """Return what the platform cannot give."""
    text = f"not to be had on one machine: {'; '.join(seen.unsupported)}"
    return Condition(ConditionType.DEGRADED, True, Reason.NOT_ON_LOCAL_PLATFORM, _cut(text))


def phase(seen: Observation, summary: Condition) -> Phase:
    """Return the word that `kubectl get` prints."""
    if seen.suspend or any(problem.reason in WITHHELD for problem in seen.problems):
        return Phase.STOPPING if seen.pod is not None else Phase.SUSPENDED
    if summary.status:
        return Phase.RUNNING
    if summary.reason in _ON_ITS_WAY:
        return Phase.STARTING
    if summary.reason in ACCEPTED_REASONS | {
        Reason.CRASH_LOOPING,
        Reason.INIT_FAILED,
        Reason.REJECTED,
        Reason.POD_SECURITY_VIOLATED,
        Reason.LIMIT_RANGE_VIOLATED,
        Reason.CLASS_NOT_FOUND,
        Reason.CLAIM_LOST,
        Reason.CLAIM_DELETED,
    }:
        return Phase.FAILED
    return Phase.PENDING


def _without_pod(seen: Observation) -> Condition:
    kind = ConditionType.WORKLOAD_READY
    if seen.problems:
        text = f"no {seen.noun} is made while something is wrong"
        return Condition(kind, False, Reason.STARTING, text)
    if seen.notes:
        return Condition(
            kind,
            False,
            Reason.STARTING,
            _cut(f"waiting for the {seen.noun}: {seen.notes[0]}"),
        )
    return Condition(kind, False, Reason.STARTING, f"waiting for the {seen.noun}")


def _with_pod(seen: Observation, pod: PodView) -> Condition:
    kind = ConditionType.WORKLOAD_READY
    if pod.stopping:
        text = f"the {seen.noun} is being replaced"
        return _going(seen, pod, Condition(kind, False, Reason.STARTING, text))
    if not pod.ready:
        reason, text = _not_ready(seen, pod)
        return Condition(kind, False, reason, _cut(text))
    if seen.update_pending or seen.pod_hash in (None, pod.annotations.get(labels.POD_HASH)):
        return _running(seen)
    text = f"the {seen.noun} is being replaced to take a change"
    return Condition(kind, False, Reason.STARTING, text)


def _not_ready(seen: Observation, pod: PodView) -> tuple[Reason, str]:
    if pod.terminated:
        return Reason.POD_FAILED, pod_messages.describe_end(pod, seen.noun)
    if pod.unschedulable:
        return Reason.UNSCHEDULABLE, pod.unschedulable
    silence = pod_messages.silence(pod, seen.now, seen.port, seen.image)
    if silence:
        return Reason.UNHEALTHY, silence
    if pod.failure:
        return _trouble_reason(pod.failure), pod.failure.message
    if pod.was_ready:
        why = f": {pod.unanswered}" if pod.unanswered else ""
        return Reason.UNHEALTHY, f"the editor runs but does not answer any more{why}"
    return Reason.STARTING, f"the {seen.noun} is starting"


def _running(seen: Observation) -> Condition:
    kind = ConditionType.WORKLOAD_READY
    remark = seen.pod.remark if seen.pod else ""
    if seen.update_pending:
        text = (
            "an edit of the template, or of the image of its proxy config, is taken on the next "
            "start"
        )
        told = "; ".join(it for it in (text, remark) if it)
        return Condition(kind, True, Reason.UPDATE_PENDING, _cut(told))
    text = ""
    if seen.access_denied:
        text = (
            "no login: nobody is let in; set spec.password, spec.existingSecret or a proxy config"
        )
    doubt = seen.doubt if seen.access_denied else ""
    told = "; ".join(it for it in (text, doubt, remark) if it)
    return Condition(kind, True, Reason.RUNNING, _cut(told))


def _trouble_reason(trouble: ContainerFailure) -> Reason:
    if trouble.kind == "pull":
        return Reason.IMAGE_PULL_FAILED
    if trouble.kind == "config":
        return Reason.CONTAINER_CONFIG_FAILED
    return Reason.INIT_FAILED if trouble.init else Reason.CRASH_LOOPING


def _of_problem(
    seen: Observation, kind: ConditionType, reasons: frozenset[Reason]
) -> Condition | None:
    for problem in seen.problems:
        if problem.reason in reasons:
            return Condition(kind, False, problem.reason, _cut(problem.message))
    return None


def _as_it_was(message: str) -> str:
    return _cut(f"running as it was; {message}")


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_MESSAGE else text[:_MAX_MESSAGE] + "..."
