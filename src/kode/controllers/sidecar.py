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
from kode.desired.desired_state import DesiredState
from kode.errors import RefNotFound
from kode.evaluate.observed import PodView
from kode.evaluate.sidecar_log import Verdict
from kode.gateway.sidecar import AuthMode
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
_SLOW_POLL_INTERVAL = 30.0
_NUDGE_INTERVAL = 10.0
"""Seconds after which the kubelet is to look again: it may have seen the pod before the Secret."""
_MAX_NUDGE_INTERVAL = 30.0
_MAX_TRIES = 8
"""How often Envoy is to read again what it may have read in the wrong order, or not at all: for two
minutes, in which the kubelet looks by itself."""
_MAX_EARLY_TRIES = 4
"""How often it is to read again what it names as missing: for a quarter of a minute."""
_USERS_TIMEOUT = 20.0
"""Seconds after which an editor that does not answer may lack its users, and not only its time."""
_SLOW_AFTER = 60.0
_UNREAD = "it has not taken the files, and `kode logs --sidecar` may say why"
_GUARDED = "the one before it still guards the editor"
_UNGUARDED = "nobody is let in until it is fixed"


def is_live(pod: PodView | None) -> bool:
    """Tell whether a pod's sidecar follows its files: not so in 0.1.0."""
    return pod is not None and labels.SIDECAR_REVISION in pod.annotations


def is_pending(pod: PodView | None) -> bool:
    """Tell whether Envoy has yet to be heard about the files that it is to read."""
    status = sidecar_status(pod.annotations) if pod else None
    is_here = pod is not None and pod.sidecar_runs and not pod.stopping
    return is_here and status is not None and (status.state == "pending" or _is_unread(status))


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
        begun = new or SidecarStatus(revision)
        is_same = begun.parts == status.parts and (status.known or status.state == "accepted")
        begun = replace(begun, since=now, known=bool(begun.parts) and is_same)
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
    waited = _seconds(status.since or pod.made_at, now)
    return _POLL_INTERVAL if waited < _SLOW_AFTER else _SLOW_POLL_INTERVAL


def stand_in(pod: PodView | None, desired: DesiredState, accepted: str) -> DesiredState:
    """Return what stands before an editor whose Envoy refuses what is desired.

    Args:
        pod: its pod.
        desired: what is desired.
        accepted: the own parts that its Envoy took last, as text.
    """
    status = sidecar_status(pod.annotations) if pod else None
    is_refused = status and status.state == "refused" and status.parts != status.refused
    if status and (is_refused or status.is_denied):
        # It does not take those of before any more either.
        accepted = ""
    return desired.with_fallback(accepted, status.message if status else "")


def has_refused(pod: PodView | None, parts: str) -> bool:
    """Tell whether a pod's Envoy has refused a proxy config's own parts, known by their digest."""
    status = sidecar_status(pod.annotations) if pod else None
    return bool(parts and status and status.refused == parts)


def refusal(
    pod: PodView | None, asked: DesiredState, brought: DesiredState, wished: Object | None
) -> RefNotFound | None:
    """Return the problem where Envoy does not take what it is to run with; None where it does.

    Args:
        pod: the pod.
        asked: what is asked for.
        brought: what stands in, or the same.
        wished: the pod as it would be made now; None for none.
    """
    status = sidecar_status(pod.annotations) if pod else None
    if status is None:
        return None
    if not has_refused(pod, asked.parts):
        annotations = wished["metadata"]["annotations"] if wished else {}
        is_last = annotations.get(labels.SIDECAR_REVISION) == status.revision
        if status.state != "refused" or not is_last:
            return None
        text = f"the sidecar runs with an older configuration and its login: {status.message}"
        return RefNotFound(Reason.PROXY_CONFIG_INVALID, text)
    guards = _UNGUARDED if brought.auth_mode is AuthMode.DENY else _GUARDED
    text = f"Envoy refuses proxy config {asked.kode.proxy.name}: {status.message}; {guards}"
    return RefNotFound(Reason.PROXY_CONFIG_INVALID, text)


def _next_status(
    pod: PodView, status: SidecarStatus, verdict: Verdict | None, now: str
) -> list[SidecarStatus]:
    """Return the status that follows from what Envoy has said, or not said yet."""
    if not is_pending(pod):
        return []
    if verdict is None:
        # Its log cannot be read; whatever it makes of the files, nothing is made better here.
        return []
    most = _MAX_TRIES if verdict.unread else _MAX_EARLY_TRIES
    if (verdict.unread or verdict.early) and status.tries < most:
        wait = min(2.0**status.tries, _MAX_NUDGE_INTERVAL)
        if verdict.unread:
            wait = max(wait, _NUDGE_INTERVAL)
        since = status.since or pod.made_at
        is_due = _seconds(since, now) >= wait
        return [replace(status, since=now, tries=status.tries + 1)] if is_due else []
    if verdict.silent or (verdict.unread and _is_unread(status)):
        # That it has not taken them is not known, or is known already.
        return []
    return [_heard(status, verdict)]


def _is_unread(status: SidecarStatus) -> bool:
    return status.state == "refused" and status.message == _UNREAD


def _heard(status: SidecarStatus, verdict: Verdict) -> SidecarStatus:
    """Return a status with what Envoy says; of parts that stand in, nothing new is told."""
    message = _UNREAD if verdict.unread else verdict.refused
    if not message:
        message = status.message if status.refused else ""
        return replace(status, state="accepted", since="", tries=0, message=message)
    if status.refused:
        return replace(status, state="refused", since="")
    if verdict.unread and (status.known or not status.parts):
        # No part of an administrator's can be the reason, so nothing else is brought.
        return replace(status, state="refused", since="", message=message)
    return replace(status, state="refused", since="", refused=status.parts, message=message)


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
