"""Whether a change reaches a running pod now or on its next start.

Rule: whose change it is decides. What the Kode itself asks for is taken at once; what a template, a
proxy config or a new version of the operator asks for never ends somebody's work.
"""

from collections.abc import Mapping

from kode import labels
from kode.api.meta import Object
from kode.evaluate.observed import PodView


def is_update_pending(desired: Object, pod: PodView | None) -> bool:
    """Tell whether the pod is kept as it is until the next start.

    Args:
        desired: the pod as it would be now.
        pod: the pod as it is; None where there is none.
    """
    if pod is None or pod.stopping or pod.terminated or not (pod.started or pod.was_ready):
        # Nobody works in an editor that is not up; a mended template must reach it.
        return False
    wished = desired["metadata"]["annotations"]
    if labels.SIDECAR_REVISION not in pod.annotations and _has_new_login(pod, wished):
        # The sidecar of an earlier version reads who is let in when it starts.
        return False
    same_kode = pod.annotations.get(labels.KODE_HASH) == wished[labels.KODE_HASH]
    return same_kode and is_outdated(desired, pod)


def is_outdated(desired: Object, pod: PodView) -> bool:
    """Tell whether a pod was made from something else than what is desired now."""
    return bool(
        pod.annotations.get(labels.POD_HASH) != desired["metadata"]["annotations"][labels.POD_HASH]
    )


def _has_new_login(pod: PodView, wished: Mapping[str, str]) -> bool:
    key = labels.CREDENTIALS_REVISION
    return bool(pod.annotations.get(key) != wished.get(key))
