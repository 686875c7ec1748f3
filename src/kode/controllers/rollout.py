"""Whether a change reaches a running pod now or on its next start.

Rule: whose change it is decides. What the Kode itself asks for is taken at once; what a template, a
proxy config or a new version of the operator asks for never ends somebody's work.
"""

from collections.abc import Mapping

from kode import labels
from kode.api.meta import Object
from kode.evaluate.observed import PodView


def is_update_pending(live: Object | None, desired: Object, pod: PodView | None) -> bool:
    """Tell whether the live workload is kept as it is until the next start.

    Args:
        live: the StatefulSet as it stands; None where there is none.
        desired: the StatefulSet as it would be now.
        pod: its pod; None where there is none.
    """
    if live is None or pod is None or pod.stopping or not (pod.started or pod.was_ready):
        # Nobody works in an editor that is not up; a mended template must reach it.
        return False
    if desired["spec"]["replicas"] == 0 or live.get("spec", {}).get("replicas") == 0:
        return False
    get_live, wished = _annotations(live), _annotations(desired)
    same_kode = get_live.get(labels.KODE_HASH) == wished.get(labels.KODE_HASH)
    return same_kode and get_live.get(labels.POD_HASH) != wished.get(labels.POD_HASH)


def _annotations(workload: Object) -> Mapping[str, str]:
    template = workload.get("spec", {}).get("template", {})
    return template.get("metadata", {}).get("annotations") or {}
