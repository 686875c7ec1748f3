"""Whether a change reaches a running pod now or on its next start.

Rule: whose change it is decides. What the Kode itself asks for is taken at once; what a template, a
proxy config or a new version of the operator asks for never ends somebody's work.
"""

from collections.abc import Mapping
from datetime import datetime

from kode import labels
from kode.controllers.inputs import Object
from kode.evaluate.observed import PodView
from kode.render.editor import STARTUP_SECONDS


def waits_for_restart(
    live: Object | None, desired: Object, pod: PodView | None, *, now: str
) -> bool:
    """Tell whether the live workload is kept as it is until the next start.

    Args:
        live: the StatefulSet as it stands; None where there is none.
        desired: the StatefulSet as it would be now.
        pod: its pod; None where there is none.
        now: RFC 3339 time in UTC.
    """
    if live is None or pod is None or pod.stopping or not _is_up(pod, now):
        # Nobody works in an editor that is not up; a mended template must reach it.
        return False
    if desired["spec"]["replicas"] == 0 or live.get("spec", {}).get("replicas") == 0:
        return False
    stands, wished = _annotations(live), _annotations(desired)
    same_kode = stands.get(labels.KODE_HASH) == wished.get(labels.KODE_HASH)
    return same_kode and stands.get(labels.POD_HASH) != wished.get(labels.POD_HASH)


def _is_up(pod: PodView, now: str) -> bool:
    # A kubelet that is restarted tells of every container for a moment that it has not started yet
    # (before Kubernetes 1.35). One that runs for longer than it may take to start has started.
    return pod.started or (
        pod.running_since is not None and _seconds(pod.running_since, now) > STARTUP_SECONDS
    )


def _seconds(since: str, now: str) -> float:
    try:
        return (datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _annotations(workload: Object) -> Mapping[str, str]:
    template = workload.get("spec", {}).get("template", {})
    return template.get("metadata", {}).get("annotations") or {}
