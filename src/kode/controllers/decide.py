"""One pass, decided: from what was gathered to what is written and told.

Rule: pure. A pass looks at the world as it is, never at what changed in it. What cannot be resolved
stops nothing that runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.template import Template
from kode.controllers import credentials as login
from kode.controllers import references
from kode.controllers.children import Children
from kode.controllers.decision import Decision, Notice, Patch, Write
from kode.controllers.inputs import ChildKey, Inputs, Object
from kode.controllers.rollout import waits_for_restart
from kode.errors import Conflict, InvalidSpec, KodeError, RefNotFound
from kode.evaluate.conditions import Observation
from kode.evaluate.observed import PodView, pod_view
from kode.evaluate.status import status as status_of
from kode.gateway.sidecar import Door
from kode.platform.desired import Meaning, mean
from kode.render.resolve import Credentials, check_proxy_ref, check_template_ref, resolve
from kode.render.secret import auth

_LOOK_AGAIN = 10.0
"""Seconds after which warnings of Kubernetes are looked for again: they are not watched."""

_TOLD_AS_WARNING = frozenset(
    {
        Reason.INVALID_SPEC,
        Reason.NOT_PERMITTED,
        Reason.TEMPLATE_NOT_FOUND,
        Reason.TEMPLATE_INVALID,
        Reason.PROXY_CONFIG_NOT_FOUND,
        Reason.PROXY_CONFIG_INVALID,
        Reason.SECRET_NOT_FOUND,
        Reason.SECRET_INVALID,
        Reason.REF_NOT_PERMITTED,
        Reason.CLAIM_NOT_FOUND,
        Reason.CLAIM_RETAINED,
        Reason.CLAIM_LOST,
        Reason.UNSCHEDULABLE,
        Reason.IMAGE_PULL_FAILED,
        Reason.CONTAINER_CONFIG_FAILED,
        Reason.INIT_FAILED,
        Reason.CRASH_LOOPING,
        Reason.UNHEALTHY,
        Reason.NOT_OWNED,
        Reason.REJECTED,
    }
)
_TOLD_AS_NEWS = frozenset({Reason.UPDATE_PENDING, Reason.SUSPENDED, Reason.CHANGE_IGNORED})


@dataclass
class _Pass:
    """The working state of one pass: what is decided so far."""

    inputs: Inputs
    kode: Kode
    children: Children
    writes: list[Write] = field(default_factory=list)
    problems: list[KodeError] = field(default_factory=list)
    template: Template | None = None
    meaning: Meaning | None = None
    pod_hash: str | None = None
    update_pending: bool = False


def decide(inputs: Inputs) -> Decision:
    """Return what one pass writes and tells."""
    if inputs.kode is None:
        return Decision(writes=_retain(inputs))
    if "deletionTimestamp" in inputs.kode["metadata"]:
        return Decision()
    try:
        kode = parse(inputs.kode)
    except InvalidSpec as error:
        return _unreadable(inputs, error)
    assert isinstance(kode, Kode)  # noqa: S101 - the queue holds Kodes only
    work = _Pass(inputs, kode, Children(inputs.children, kode.metadata.uid))
    found = _credentials(work)
    try:
        _resolve(work, found)
    except KodeError as error:
        work.problems.append(error)
    if work.meaning is None:
        _suspend_as_it_stands(work)
    else:
        _render(work, work.meaning, found)
    return _conclude(work)


def after_failure(inputs: Inputs, decision: Decision, error: KodeError) -> Decision:
    """Return what is told when a write of a decision failed: the status with that failure in it.

    Args:
        inputs: what the failed pass saw.
        decision: what it decided.
        error: why a write failed.
    """
    if inputs.kode is None:
        return Decision()
    seen = Observation(
        problems=[error],
        suspend=bool(inputs.kode.get("spec", {}).get("suspend")),
        claim=_claim(inputs, str(inputs.kode["metadata"]["name"])),
        pod=_pod(inputs),
        notes=inputs.notes,
    )
    told = _told(inputs, seen, template_generation=_generation(inputs.template))
    return Decision(status=told.status, notices=told.notices, again_after=decision.again_after)


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
        if not _claimed(work, manifest):
            return None
        work.writes.extend(work.children.put_right(manifest))
    patch = login.strip(work.inputs.kode or {})
    if patch:
        work.writes.append(patch)
    return found


def _resolve(work: _Pass, found: Credentials | None) -> None:
    inputs, kode = work.inputs, work.kode
    named = references.template_of(inputs.kode or {})
    if inputs.template is None:
        raise RefNotFound(Reason.TEMPLATE_NOT_FOUND, f"{named} does not exist")
    try:
        template = parse(inputs.template)
    except InvalidSpec as error:
        raise RefNotFound(Reason.TEMPLATE_INVALID, f"{named} is broken: {error}") from None
    assert isinstance(template, Template)  # noqa: S101 - gathered by kind
    work.template = template
    check_template_ref(kode, template)
    proxy = _proxy_config(inputs, template)
    if work.problems:
        # A login that was asked for and cannot be had must not come out as no login at all.
        raise work.problems.pop()
    work.meaning = mean(resolve(kode, template, proxy, found))


def _proxy_config(inputs: Inputs, template: Template) -> Any:
    ref = template.spec.envoy_proxy_ref
    if ref is None:
        return None
    named = references.proxy_config_of(inputs.template or {})
    check_proxy_ref(template)
    if inputs.proxy_config is None:
        raise RefNotFound(Reason.PROXY_CONFIG_NOT_FOUND, f"{named} does not exist")
    try:
        return parse(inputs.proxy_config)
    except InvalidSpec as error:
        raise RefNotFound(Reason.PROXY_CONFIG_INVALID, f"{named} is broken: {error}") from None


def _render(work: _Pass, meaning: Meaning, found: Credentials | None) -> None:
    inputs, kode = work.inputs, work.kode
    manifests = meaning.render(
        operator_namespace=inputs.operator_namespace,
        revision=login.revision(inputs, kode, found),
        restarted_at=kode.metadata.annotations.get(labels.RESTARTED_AT, ""),
    )
    workload = manifests[-1]
    work.pod_hash = workload["spec"]["template"]["metadata"]["annotations"][labels.POD_HASH]
    work.update_pending = waits_for_restart(work.children.live(workload), workload, _pod(inputs))
    if kode.spec.storage and kode.spec.storage.existing_volume_claim and inputs.claim is None:
        name = kode.spec.storage.existing_volume_claim
        work.problems.append(
            RefNotFound(
                Reason.CLAIM_NOT_FOUND, f"there is no claim {name} in {inputs.key.namespace}"
            )
        )
    if not all([_claimed(work, manifest) for manifest in manifests]) or work.problems:
        _suspend_as_it_stands(work)
        return
    held = {names.envoy_secret(kode.metadata.name)} if work.update_pending else set()
    for manifest in manifests:
        pending = manifest is workload and work.update_pending
        if pending or (manifest["kind"] == "Secret" and manifest["metadata"]["name"] in held):
            continue
        work.writes.extend(
            write for write in work.children.put_right(manifest) if write not in work.writes
        )
    work.writes.extend(work.children.surplus(manifests))


def _claimed(work: _Pass, manifest: Object) -> bool:
    """Tell whether an object may be made or is ours; note the problem where it is not."""
    try:
        work.children.check_owner(manifest)
    except Conflict as error:
        work.problems.append(error)
        return False
    return True


def _suspend_as_it_stands(work: _Pass) -> None:
    """Stop the pod of a Kode that is suspended, even where it could not be rendered any more."""
    key = ChildKey("StatefulSet", names.workload(work.kode.metadata.name))
    live = work.children.owned(key)
    if work.kode.spec.suspend and live and live.get("spec", {}).get("replicas", 1) != 0:
        work.writes.append(Patch(key, live["metadata"]["uid"], None, {"spec": {"replicas": 0}}))


def _conclude(work: _Pass) -> Decision:
    inputs, kode = work.inputs, work.kode
    pod = _pod(inputs)
    seen = Observation(
        problems=work.problems,
        suspend=kode.spec.suspend,
        claim=_claim(inputs, kode.metadata.name),
        claim_change_ignored=work.children.ignored,
        pod=pod,
        pod_hash=work.pod_hash,
        update_pending=work.update_pending,
        closed=work.meaning is not None and work.meaning.door is Door.CLOSED,
        notes=inputs.notes,
    )
    told = _told(inputs, seen, template_generation=_generation(inputs.template))
    waits = not kode.spec.suspend and not (pod and pod.ready)
    return Decision(
        writes=tuple(work.writes),
        status=told.status,
        status_waits=bool(work.writes) and not work.problems and not told.notices,
        notices=told.notices,
        again_after=_LOOK_AGAIN if waits and not work.problems else None,
    )


def _unreadable(inputs: Inputs, error: InvalidSpec) -> Decision:
    seen = Observation(problems=[error], pod=_pod(inputs), notes=inputs.notes)
    return _told(inputs, seen, template_generation=0)


def _told(inputs: Inputs, seen: Observation, *, template_generation: int) -> Decision:
    kode = inputs.kode or {}
    previous = kode.get("status") or {}
    status = status_of(
        seen,
        generation=int(kode["metadata"].get("generation", 0)),
        template_generation=template_generation,
        previous=previous,
        now=inputs.now,
    )
    if status == previous:
        return Decision()
    return Decision(status=status, notices=_notices(status, previous))


def _notices(status: Mapping[str, Any], previous: Mapping[str, Any]) -> tuple[Notice, ...]:
    now, before = _ready(status), _ready(previous)
    if (now["reason"], now["message"]) == (before.get("reason"), before.get("message")):
        return ()
    reason = next(item for item in Reason if item.value == now["reason"])
    if reason in _TOLD_AS_WARNING:
        return (Notice("Warning", reason, now["message"]),)
    if reason in _TOLD_AS_NEWS and reason != before.get("reason"):
        return (Notice("Normal", reason, now["message"]),)
    return ()


def _ready(status: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Sequence[Mapping[str, Any]] = status.get("conditions") or ()
    return next((item for item in found if item.get("type") == "Ready"), {})


def _retain(inputs: Inputs) -> tuple[Write, ...]:
    """Mark the claims that a Kode left behind, so that they can be listed."""
    return tuple(
        Patch(
            key, live["metadata"]["uid"], None, {"metadata": {"labels": {labels.RETAINED: "true"}}}
        )
        for key, live in sorted(inputs.children.items())
        if key.kind == "PersistentVolumeClaim"
        and not live["metadata"].get("ownerReferences")
        and "deletionTimestamp" not in live["metadata"]
        and labels.RETAINED not in (live["metadata"].get("labels") or {})
    )


def _claim(inputs: Inputs, kode: str) -> Object | None:
    if inputs.claim is not None:
        return inputs.claim
    return inputs.children.get(ChildKey("PersistentVolumeClaim", names.home_claim(kode)))


def _pod(inputs: Inputs) -> PodView | None:
    return pod_view(inputs.pod) if inputs.pod is not None else None


def _generation(found: Object | None) -> int:
    return int((found or {}).get("metadata", {}).get("generation", 0))
