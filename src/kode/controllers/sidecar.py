"""The configuration of a sidecar that runs: brought up to date, and what its Envoy says to it.

Rule: no editor is ended for it. What Envoy refuses leaves what was before it in force, and is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from kode import labels
from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.controllers.decision import Patch, Write
from kode.controllers.inputs import ChildKey
from kode.errors import RefNotFound
from kode.evaluate.observed import PodView
from kode.evaluate.sidecar_log import Verdict
from kode.names import hash_text
from kode.render.sidecar import SidecarStatus, sidecar_status

_BROUGHT = (
    labels.SIDECAR_REVISION,
    labels.ENVOY_CLUSTERS,
    labels.ENVOY_LISTENERS,
    labels.CREDENTIALS_REVISION,
    labels.CREDENTIALS_SECRET,
)
_POLL_INTERVAL = 1.0
_NUDGE_INTERVAL = 10.0
"""Seconds after which the kubelet is to look again: it may have seen the pod before the Secret."""
_MAX_TRIES = 5
"""How often Envoy is to read again what it may have read in the wrong order."""
_USERS_TIMEOUT = 20.0
"""Seconds after which an editor that does not answer may lack its users, and not only its time."""
_SLOW_AFTER = 60.0
_GUARDED = "the one before it still guards the editor"
_UNGUARDED = "nobody is let in until it is fixed"


def is_live(pod: PodView | None) -> bool:
    """Tell whether a pod's sidecar follows its files: not so in 0.1.0."""
    return pod is not None and labels.SIDECAR_REVISION in pod.annotations


def is_pending(pod: PodView | None) -> bool:
    """Tell whether Envoy has yet to be heard about the files that it is to read."""
    status = sidecar_status(pod.annotations) if pod else None
    return bool(pod and pod.sidecar_runs and status and status.state == "pending")


def patches(
    pod: PodView, live: Object, desired: Object, verdict: Verdict | None, now: str
) -> list[Patch]:
    """Return the patch that brings a running sidecar what it is to read, or notes what came of it.

    Args:
        pod: the pod, which runs.
        live: the same, as a document.
        desired: the pod as it would be made now, for an editor where this one has it.
        verdict: what Envoy said to the revision that it has; None for nothing yet.
        now: RFC 3339 time in UTC.
    """
    if not is_live(pod):
        return []
    wished = desired["metadata"]["annotations"]
    revision, new = wished[labels.SIDECAR_REVISION], sidecar_status(wished)
    status = sidecar_status(pod.annotations) or SidecarStatus(revision)
    if not _has_files(pod, wished):
        brought = {key: wished.get(key) for key in _BROUGHT}
        # Why something was refused stays known for as long as something else stands in its place.
        begun = replace(new or SidecarStatus(revision), since=now)
        begun = replace(begun, message=status.message if begun.refused else "")
        return [_patch(live, {**brought, **_noted(begun)})]
    if _may_lack_users(pod, now):
        return [_patch(live, _noted(SidecarStatus(revision, since=now)))]
    return [_patch(live, _noted(it)) for it in _next_status(pod, status, verdict, now)]


def seconds_until_heard(pod: PodView | None, writes: Sequence[Write], now: str) -> float | None:
    """Return in how many seconds Envoy is to be heard again; None where it has been.

    Args:
        pod: the pod.
        writes: what is about to be written.
        now: RFC 3339 time in UTC.
    """
    if any(isinstance(it, Patch) and it.child.kind == "Pod" for it in writes):
        return _POLL_INTERVAL
    status = sidecar_status(pod.annotations) if pod and is_pending(pod) else None
    if pod is None or status is None:
        return None
    waited = _seconds(pod.made_at, now)
    return _POLL_INTERVAL if status.since or waited < _SLOW_AFTER else _NUDGE_INTERVAL


def has_refused(pod: PodView | None, parts: str) -> bool:
    """Tell whether a pod's Envoy has refused a proxy config's own parts, known by their digest."""
    status = sidecar_status(pod.annotations) if pod else None
    return bool(parts and status and status.refused == parts)


def refusal(pod: PodView | None, proxy_config: str, parts: str) -> RefNotFound | None:
    """Return the problem where Envoy has refused a proxy config; None where it has not.

    Args:
        pod: the pod.
        proxy_config: its name.
        parts: digest of its own parts.
    """
    status = sidecar_status(pod.annotations) if pod else None
    if pod is None or status is None or not has_refused(pod, parts):
        return None
    guards = _GUARDED if pod.ready else _UNGUARDED
    text = f"Envoy refuses proxy config {proxy_config}: {status.message}; {guards}"
    return RefNotFound(Reason.PROXY_CONFIG_INVALID, text)


def _next_status(
    pod: PodView, status: SidecarStatus, verdict: Verdict | None, now: str
) -> list[SidecarStatus]:
    """Return the status that follows from what Envoy has said, or not said yet."""
    if not is_pending(pod):
        return []
    early = verdict is not None and verdict.early and status.tries < _MAX_TRIES
    if verdict is not None and not early:
        return [_heard(status, verdict)]
    waited = _seconds(status.since, now) if status.since else 0.0
    if early or waited >= _NUDGE_INTERVAL:
        return [replace(status, since=now, tries=status.tries + early)]
    return []


def _heard(status: SidecarStatus, verdict: Verdict) -> SidecarStatus:
    """Return a status with what Envoy says; of parts that stand in, nothing new is told."""
    if not verdict.refused:
        return replace(status, state="accepted", since="", tries=0)
    if status.refused:
        return replace(status, state="refused", since="")
    return replace(status, state="refused", since="", refused=status.parts, message=verdict.refused)


def _may_lack_users(pod: PodView, now: str) -> bool:
    """Tell whether the kubelet may have made a new pod's files before it saw the Secret."""
    if pod.ready or pod.was_ready or not pod.sidecar_runs:
        return False
    waits = labels.CREDENTIALS_SECRET in pod.annotations and not sidecar_status(pod.annotations)
    return waits and _seconds(pod.made_at, now) >= _USERS_TIMEOUT


def _has_files(pod: PodView, wished: Mapping[str, str]) -> bool:
    """Tell whether a pod's annotations are what they are to be, of files or their fingerprints."""
    given = pod.annotations
    if given[labels.SIDECAR_REVISION] != wished[labels.SIDECAR_REVISION]:
        return False
    return all(
        given.get(key) in (wished.get(key), hash_text(wished.get(key, "")))
        for key in (labels.ENVOY_CLUSTERS, labels.ENVOY_LISTENERS)
    )


def _patch(live: Object, annotations: dict[str, str | None]) -> Patch:
    metadata = live["metadata"]
    key = ChildKey("Pod", metadata["name"])
    return Patch(key, metadata["uid"], None, {"metadata": {"annotations": annotations}})


def _noted(status: SidecarStatus) -> dict[str, str | None]:
    return {labels.SIDECAR_STATUS: status.dump()}


def _seconds(since: str, now: str) -> float:
    try:
        return (datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds()
    except (TypeError, ValueError):
        return 0.0
