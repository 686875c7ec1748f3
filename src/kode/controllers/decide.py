"""One pass, decided: from what was gathered to what is written and told.

Rule: pure. A pass looks at the world as it is, never at what changed in it. What cannot be resolved
stops nothing that runs; what is not permitted does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.meta import Object
from kode.controllers import credentials as login
from kode.controllers import pod as pods
from kode.controllers import sidecar, withdrawal
from kode.controllers.children import Children, key_of
from kode.controllers.decision import Decision, Delete, Write
from kode.controllers.inputs import ChildKey, Inputs
from kode.controllers.rollout import is_update_pending
from kode.desired import homes
from kode.desired.desired_state import DesiredState
from kode.desired.resolution import derive_desired, resolve_named
from kode.desired.resolve_references import restarted_at
from kode.errors import Conflict, InvalidSpec, KodeError, RefNotFound
from kode.evaluate.conditions import Observation
from kode.evaluate.events import summary
from kode.evaluate.observed import PodView
from kode.evaluate.refusals import classify
from kode.evaluate.report import report
from kode.gateway.sidecar import AuthMode
from kode.render.editor import check
from kode.render.image_profile import CUSTOM
from kode.render.metadata import Manifest
from kode.render.resolve import Credentials
from kode.render.secret import auth

_RESYNC_PERIOD = 10.0
"""Seconds after which warnings of Kubernetes are looked for again: they are not watched."""

_CONFLICT_RESYNC_PERIOD = 60.0
"""Seconds after which an object in the way is looked for again: it is not watched either."""

_TRANSIENT = frozenset(
    {
        Reason.TEMPLATE_NOT_FOUND,
        Reason.PROXY_CONFIG_NOT_FOUND,
        Reason.SECRET_NOT_FOUND,
        Reason.CLAIM_NOT_FOUND,
    }
)
"""What a new Kode may lack for a moment, until what was applied with it is seen."""

_PROGRESS = frozenset({Reason.STARTING, Reason.CLAIM_PENDING})


@dataclass
class _Pass:
    """The working state of one pass: what is decided so far."""

    inputs: Inputs
    kode: Kode
    children: Children
    pod: PodView | None
    writes: list[Write] = field(default_factory=list)
    problems: list[KodeError] = field(default_factory=list)
    desired: DesiredState | None = None
    pod_hash: str | None = None
    update_pending: bool = False
    requeue_after: float | None = None
    refusal: KodeError | None = None
    is_denied: bool = False


def decide(inputs: Inputs) -> Decision:
    """Return what one pass writes and tells."""
    if inputs.kode is None:
        return Decision(writes=tuple(Children(inputs.children, uid="").mark_retained()))
    if "deletionTimestamp" in inputs.kode["metadata"] or inputs.terminating:
        # In a namespace that is going nothing can be made, and what is there goes with it.
        return Decision()
    try:
        kode = parse(inputs.kode)
    except InvalidSpec as error:
        return _invalid(inputs, inputs.kode, error)
    assert isinstance(kode, Kode)  # noqa: S101 - the queue holds Kodes only
    children = pods.children(inputs, kode.metadata.uid)
    work = _Pass(inputs, kode, children, pods.view(inputs, children))
    found = _credentials(work)
    try:
        _resolve(work, found)
    except KodeError as error:
        work.problems.append(error)
    if work.desired is None:
        _stop_live(work)
    else:
        _render(work, work.desired, found)
    return _finish(work)


def after_failure(inputs: Inputs, decision: Decision, error: KodeError) -> Decision:
    """Return what is told when a write of a decision failed: the status with that failure in it.

    Args:
        inputs: what the failed pass saw.
        decision: what it decided.
        error: why a write failed.
    """
    if inputs.kode is None or decision.observation is None:
        return Decision()
    problems = [*decision.observation.problems, classify(error)]
    observation = replace(decision.observation, problems=problems)
    told = _with_status(inputs, observation)
    return replace(told, requeue_after=decision.requeue_after)


def after_refused_expansion(inputs: Inputs, decision: Decision, error: KodeError) -> Decision:
    """Return what is told when everything was written but the growth of the claim.

    Args:
        inputs: what the pass saw.
        decision: what it decided.
        error: why the claim stays as large as it is.
    """
    assert decision.observation is not None  # noqa: S101 - who has a claim to grow is a Kode
    told = _with_status(inputs, replace(decision.observation, resize_refused=error.message))
    return replace(told, requeue_after=decision.requeue_after)


def _credentials(work: _Pass) -> Credentials | None:
    """Find user and password, and move a password out of the spec, whatever else is wrong."""
    try:
        found = login.find(work.inputs, work.kode)
    except KodeError as error:
        work.problems.append(error)
        return None
    meta = work.kode.metadata
    if found and work.kode.spec.password:
        manifest = auth(meta.namespace, meta.name, meta.uid, found)
        if not _is_owned_or_free(work, manifest):
            return None
        # From here on the Secret holds the password, or the pass ends before the next write.
        work.writes.extend(work.children.reconcile_child(manifest))
    patch = login.strip_password(work.inputs.kode or {})
    if patch:
        work.writes.append(patch)
    return found


def _resolve(work: _Pass, found: Credentials | None) -> None:
    inputs, kode = work.inputs, work.kode
    documents = (inputs.kode or {}, inputs.template, inputs.proxy_config)
    named = resolve_named(kode, *documents, inputs.granting)
    problem = work.problems.pop() if work.problems else None
    desired = derive_desired(kode, named, found, problem)
    check(desired.kode)
    work.desired = desired


def _render(work: _Pass, desired: DesiredState, found: Credentials | None) -> None:
    inputs = work.inputs
    brought = desired
    if sidecar.has_refused(work.pod, desired.parts):
        brought = sidecar.stand_in(work.pod, desired, login.accepted(inputs, work.kode))
        work.is_denied = brought.auth_mode is AuthMode.DENY
    manifests = _manifests(work, brought, found)
    pod = _pod_of(manifests)
    if pod is not None:
        _compare(work, pod)
    if work.update_pending and work.pod:
        # What runs is led to where it answers, until it makes room for what is desired.
        running = brought.behind(work.pod.annotations.get(labels.UPSTREAM, ""))
        manifests = login.with_live_keys(inputs, work.kode, _manifests(work, running, found))
        pod = _pod_of(manifests)
    work.refusal = sidecar.refusal(work.pod, desired, brought, pod)
    _check_claim(work)
    # Every one of them is looked at, so that all that stands in the way is told.
    claimed = [_is_owned_or_free(work, manifest) for manifest in manifests]
    if not all(claimed) or work.problems:
        _stop_live(work)
        _guard(work, manifests, pod)
        return
    # A sidecar that is held and does not follow its files keeps those that it started with.
    kept = _sidecar_secret(work) if work.update_pending and not sidecar.is_live(work.pod) else set()
    last: list[Write] = []
    for manifest in manifests:
        kind = manifest["kind"]
        if manifest is pod or key_of(manifest) in kept:
            continue
        changes = work.children.reconcile_child(manifest)
        # A claim that stands is changed last: where its class cannot grow volumes that is refused,
        # and must not keep the rest from being written.
        late = kind == "PersistentVolumeClaim" and work.children.live(manifest)
        (last if late else work.writes).extend(it for it in changes if it not in work.writes)
    work.writes.extend(work.children.prune(manifests, kept))
    if pod is not None:
        held = work.update_pending
        work.writes.extend(pods.reconcile(inputs, work.children, pod, held=held))
        work.requeue_after = sidecar.seconds_until_heard(work.pod, work.writes, inputs.now)
    work.writes.extend(last)


def _guard(work: _Pass, manifests: Sequence[Manifest], pod: Manifest | None) -> None:
    """Bring a sidecar that runs what it is to read, whatever else stands in the way."""
    is_ending = any(isinstance(it, Delete) for it in work.writes)
    if pod is None or is_ending or not sidecar.is_live(work.pod):
        return
    for manifest in manifests:
        if key_of(manifest) in _sidecar_secret(work):
            try:
                work.children.check_owner(manifest)
            except Conflict:
                return
            work.writes.extend(work.children.reconcile_child(manifest))
    work.writes.extend(pods.guard(work.inputs, work.children, pod))
    work.requeue_after = sidecar.seconds_until_heard(work.pod, work.writes, work.inputs.now)


def _manifests(
    work: _Pass, desired: DesiredState, found: Credentials | None
) -> tuple[Manifest, ...]:
    inputs = work.inputs
    return desired.render(
        operator_namespace=inputs.operator_namespace,
        secrets=login.sidecar_secrets(inputs, work.kode, found),
        restarted_at=restarted_at(inputs.kode, inputs.template, inputs.proxy_config),
        closed=inputs.closed,
    )


def _sidecar_secret(work: _Pass) -> set[ChildKey]:
    return {ChildKey("Secret", names.envoy_secret(work.kode.metadata.name))}


def _pod_of(manifests: Sequence[Manifest]) -> Manifest | None:
    return next((manifest for manifest in manifests if manifest["kind"] == "Pod"), None)


def _compare(work: _Pass, pod: Object) -> None:
    """Note how what runs differs from the pod that is desired, and what keeps that from being."""
    inputs = work.inputs
    live = work.children.owned(key_of(pod))
    work.pod_hash = pod["metadata"]["annotations"][labels.POD_HASH]
    # Where what runs has more than it is granted, it does not wait.
    work.update_pending = (
        live is not None
        and is_update_pending(pod, work.pod)
        and not withdrawal.of_grants(inputs, inputs.kode or {}, live)
    )
    try:
        pods.check_free(inputs, work.children)
    except Conflict as error:
        work.problems.append(error)


def _check_claim(work: _Pass) -> None:
    """Note the problem where the claim that the pod is to mount is gone."""
    inputs, storage = work.inputs, work.kode.spec.storage
    if storage and storage.existing_volume_claim:
        name = storage.existing_volume_claim
        if inputs.claim is None:
            text = f"there is no claim {name} in {inputs.key.namespace}"
            work.problems.append(RefNotFound(Reason.CLAIM_NOT_FOUND, text))
        return
    try:
        homes.check(inputs.kode or {}, _claim(inputs, work.kode.metadata.name))
    except RefNotFound as error:
        work.problems.append(error)


def _is_owned_or_free(work: _Pass, manifest: Object) -> bool:
    """Tell whether an object may be made or is ours; note the problem where it is not."""
    try:
        work.children.check_owner(manifest)
    except Conflict as error:
        work.problems.append(error)
        return False
    return True


def _stop_live(work: _Pass) -> None:
    """Stop the pod of a Kode that is suspended or not permitted, though it cannot be rendered."""
    kode = work.inputs.kode or {}
    live = pods.live_workload(work.children, work.kode.metadata.name)
    if not withdrawal.withholds(work.problems):
        work.problems.extend(withdrawal.of_grants(work.inputs, kode, live))
    if work.kode.spec.suspend or withdrawal.withholds(work.problems):
        work.writes.extend(pods.stop(work.children, work.kode.metadata.name))


def _finish(work: _Pass) -> Decision:
    inputs, kode = work.inputs, work.kode
    work.writes.extend(work.children.mark_retained())
    observation = Observation(
        problems=[*work.problems, *([work.refusal] if work.refusal else [])],
        suspend=kode.spec.suspend,
        claim=_claim(inputs, kode.metadata.name),
        home_claim=_home_claim(work),
        claim_change_ignored=work.children.ignored,
        pod=work.pod,
        pod_hash=work.pod_hash,
        update_pending=work.update_pending,
        access_denied=work.desired is not None and work.desired.auth_mode is AuthMode.DENY,
        doubt=work.desired.doubt if work.desired else "",
        notes=inputs.notes,
        port=work.desired.kode.port if work.desired else 0,
        image=_image(work),
        unserved="nobody is let in" if work.is_denied else "",
        now=inputs.now,
    )
    told = _with_status(inputs, observation)
    return replace(
        told,
        writes=tuple(work.writes),
        defer_status=_is_progress(work, told),
        requeue_after=_again_after(work),
    )


def _is_progress(work: _Pass, told: Decision) -> bool:
    if work.problems and _is_new(work.inputs):
        # A Kode and what it names often come in one apply, and arrive in any order.
        return all(problem.reason in _TRANSIENT for problem in work.problems)
    if work.problems or told.events:
        return False
    return bool(work.writes) or summary(told.status or {}).get("reason") in _PROGRESS


def _is_new(inputs: Inputs) -> bool:
    return not (inputs.kode or {}).get("status")


def _again_after(work: _Pass) -> float | None:
    if any(isinstance(problem, Conflict) for problem in work.problems):
        return _CONFLICT_RESYNC_PERIOD
    pod = work.pod
    if work.requeue_after is not None:
        return work.requeue_after
    waits = pod is not None if work.kode.spec.suspend else pod is None or not pod.ready
    if not waits or work.problems:
        return None
    left = pods.seconds_left(pod, work.inputs.now)
    return min(_RESYNC_PERIOD, left) if left else _RESYNC_PERIOD


def _invalid(inputs: Inputs, kode: Object, error: InvalidSpec) -> Decision:
    metadata = kode["metadata"]
    children = pods.children(inputs, str(metadata.get("uid", "")))
    live = pods.live_workload(children, str(metadata["name"]))
    problems: list[KodeError] = [error, *withdrawal.of_references(inputs, kode)]
    if not withdrawal.withholds(problems):
        problems.extend(withdrawal.of_grants(inputs, kode, live))
    suspend = withdrawal.suspends(kode)
    told = _with_status(
        inputs,
        Observation(
            problems=problems,
            suspend=suspend,
            claim=_claim(inputs, str(metadata["name"])),
            pod=pods.view(inputs, children),
            notes=inputs.notes,
        ),
    )
    writes = login.rescue_password(kode, children)
    if suspend or withdrawal.withholds(problems):
        writes.extend(pods.stop(children, str(metadata["name"])))
    return replace(told, writes=tuple(writes))


def _with_status(inputs: Inputs, observation: Observation) -> Decision:
    news = report(observation, inputs.kode or {}, inputs.template, inputs.now)
    if news is None:
        return Decision(observation=observation)
    return Decision(status=news.status, events=news.events, observation=observation)


def _claim(inputs: Inputs, kode: str) -> Object | None:
    if inputs.claim is not None:
        return inputs.claim
    return inputs.children.get(ChildKey("PersistentVolumeClaim", names.home_claim(kode)))


def _image(work: _Pass) -> str:
    """Return what a person knows the expected image by; that of type custom may be any."""
    contract = work.desired.kode.image_profile if work.desired else CUSTOM
    return "" if contract is CUSTOM else contract.name


def _home_claim(work: _Pass) -> str:
    key = ChildKey("PersistentVolumeClaim", names.home_claim(work.kode.metadata.name))
    live = work.children.owned(key)
    return str(live["metadata"]["uid"]) if live else ""
