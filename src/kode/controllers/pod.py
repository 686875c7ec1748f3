"""The pod of a Kode: made, replaced, and made again when it ended.

Rule: a pod is created and deleted, never applied over, and always with its own grace; two never
exist, because another is made only when the one before it is gone.
"""

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.controllers import sidecar
from kode.controllers.children import Children, delete, key_of
from kode.controllers.decision import Apply, Delete, Patch, Write
from kode.controllers.diff import is_subset
from kode.controllers.inputs import ChildKey, Inputs
from kode.controllers.rollout import is_outdated
from kode.errors import Conflict
from kode.evaluate import backoff
from kode.evaluate.observed import PodView, pod_view


def key(kode: str) -> ChildKey:
    """Return the key of a Kode's pod."""
    return ChildKey("Pod", names.pod(kode))


def former(kode: str) -> ChildKey:
    """Return the key of the StatefulSet that 0.1.0 made for a Kode."""
    return ChildKey("StatefulSet", names.workload(kode))


def children(inputs: Inputs, uid: str) -> Children:
    """Return the live children of the Kode with a uid, its pod among them."""
    live = dict(inputs.children)
    if inputs.pod is not None:
        live[key(inputs.key.name)] = inputs.pod
    return Children(live, uid)


def view(inputs: Inputs, live: Children) -> PodView | None:
    """Return the Kode's own pod, or that of its StatefulSet of 0.1.0; None for neither."""
    name = inputs.key.name
    own, workload = live.owned(key(name)), live.owned(former(name))
    if own is None and workload and _is_controlled(inputs.other_pod, workload["metadata"]["uid"]):
        own = inputs.other_pod
    return pod_view(own) if own is not None else None


def live_workload(live: Children, kode: str) -> Object | None:
    """Return what a Kode runs in: its pod, or its StatefulSet of 0.1.0; None for neither."""
    return live.owned(key(kode)) or live.owned(former(kode))


def stop(live: Children, kode: str) -> list[Write]:
    """Return the deletes that end what a Kode runs in."""
    found = ((it, live.owned(it)) for it in (key(kode), former(kode)))
    return [delete(it, one) for it, one in found if one and not _is_going(one)]


def check_free(inputs: Inputs, live: Children) -> None:
    """Refuse a second pod beside one that may hold the same disk.

    Raises:
        Conflict: a pod with the Kode's labels is there, and nobody ends it.
    """
    other = inputs.other_pod
    if other is None or live.owned(key(inputs.key.name)) or _is_going(other) or _of_former(other):
        return
    name = other["metadata"]["name"]
    raise Conflict(
        Reason.NOT_OWNED,
        f"Pod {name} carries the labels of this Kode and is not its own: delete it, or its labels",
    )


def reconcile(inputs: Inputs, live: Children, desired: Object, *, held: bool) -> list[Write]:
    """Return the writes that bring a pod nearer to what is desired.

    Args:
        inputs: what the pass sees.
        live: the Kode's children.
        desired: the pod as it would be now.
        held: whether one that was made from something else is kept (kode.controllers.rollout).
    """
    found = live.live(desired)
    if found is None:
        waits = inputs.other_pod is not None or live.owned(former(inputs.key.name)) is not None
        return [] if waits else [Apply(desired, None)]
    if _is_going(found):
        return []
    pod, gone = pod_view(found), Delete(key_of(desired), found["metadata"]["uid"])
    if not held and is_outdated(desired, pod):
        return [gone]
    if pod.terminated:
        if backoff.seconds_left(pod, inputs.now) > 0:
            return []
        # Nothing runs in it, so it goes at once.
        return [gone, Apply(_after(desired, backoff.failures(pod)), None)]
    return [
        *_relabelled(found, desired),
        *sidecar.patches(pod, found, desired, inputs.verdict, inputs.now),
    ]


def guard(inputs: Inputs, live: Children, desired: Object) -> list[Write]:
    """Return the write that brings a running pod's sidecar what it is to read; none for no pod."""
    pod = live.live(desired)
    if pod is None or _is_going(pod):
        return []
    return [*sidecar.patches(pod_view(pod), pod, desired, inputs.verdict, inputs.now)]


def seconds_left(pod: PodView | None, now: str) -> float | None:
    """Return in how many seconds there is to be another pod; None where this one has not ended."""
    return backoff.seconds_left(pod, now) if pod is not None and pod.terminated else None


def _relabelled(live: Object, desired: Object) -> list[Write]:
    # The Service and the NetworkPolicy find a pod by its labels.
    wished = desired["metadata"]["labels"]
    if is_subset(live["metadata"].get("labels") or {}, wished):
        return []
    body = {"metadata": {"labels": wished}}
    return [Patch(key_of(desired), live["metadata"]["uid"], None, body)]


def _after(desired: Object, failures: int) -> Object:
    metadata = desired["metadata"]
    annotations = {**metadata["annotations"], labels.FAILURES: str(failures)}
    return {**desired, "metadata": {**metadata, "annotations": annotations}}


def _is_going(live: Object) -> bool:
    return "deletionTimestamp" in live["metadata"]


def _is_controlled(pod: Object | None, uid: str) -> bool:
    owners = (pod or {}).get("metadata", {}).get("ownerReferences") or []
    return any(owner.get("uid") == uid for owner in owners)


def _of_former(pod: Object) -> bool:
    owners = pod["metadata"].get("ownerReferences") or []
    return any(owner.get("kind") == "StatefulSet" for owner in owners)
