"""What the caches keep of an object.

Rule: all that a pass reads and nothing else, so that only what matters to one counts as a change.
"""

from collections.abc import Mapping
from typing import Any

from kode import labels
from kode.api.unstructured import get_dict, get_path
from kode.evaluate.observed import ENDED_FROM_OUTSIDE, ENDED_PHASES
from kode.names import hash_text
from kode.render.grants import is_privileged

_UNREAD = frozenset({"managedFields", "resourceVersion", "generation", "selfLink"})
_FILES = frozenset({labels.ENVOY_CLUSTERS, labels.ENVOY_LISTENERS})
_WHO = ("name", "namespace", "uid", "labels", "deletionTimestamp")
_READ_CONDITIONS = frozenset({"DisruptionTarget", "PodScheduled", "Ready"})
_READ_OF_POD = ("hostUsers", "nodeName", "runtimeClassName")
_READ_OF_CONDITION = ("type", "status", "reason", "message", "lastTransitionTime")


def kode(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Kode, a template or a proxy config without the API server's bookkeeping."""
    metadata = {
        key: value
        for key, value in get_dict(found, "metadata").items()
        if key not in ("managedFields", "resourceVersion", "selfLink")
    }
    return {**found, "metadata": metadata}


def child(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a child without its status."""
    kept = {key: value for key, value in found.items() if key != "status"}
    kept["metadata"] = _metadata(found)
    return kept


def claim(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a claim with its phase; of one that is not ours only who it is."""
    metadata = _metadata(found)
    status = {"phase": get_dict(found, "status").get("phase", "Pending")}
    if is_ours(found):
        return {**found, "metadata": metadata, "status": status}
    who = {key: metadata[key] for key in _WHO if key in metadata}
    return {"kind": found["kind"], "metadata": who, "status": status}


def pod(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod: who it is, where it is, how it is."""
    status = get_dict(found, "status")
    kept = {key: status[key] for key in ("phase", "reason", "message") if key in status}
    kept["conditions"] = [
        {key: item[key] for key in _READ_OF_CONDITION if key in item}
        for item in status.get("conditions") or ()
        if item.get("type") in _READ_CONDITIONS
    ]
    for key in ("initContainerStatuses", "containerStatuses"):
        if status.get(key):
            ended = kept.get("phase") in ENDED_PHASES
            kept[key] = [_container(item, ended=ended) for item in status[key]]
    metadata = _metadata(found)
    carried = get_dict(metadata, "annotations")
    if labels.ENVOY_LISTENERS in carried:
        # The largest part of a pod.
        metadata["annotations"] = {
            key: hash_text(str(value)) if key in _FILES else value for key, value in carried.items()
        }
    return {
        "kind": found["kind"],
        "metadata": metadata,
        "spec": _pod_spec(get_dict(found, "spec")),
        "status": kept,
    }


def is_ours(found: Mapping[str, Any]) -> bool:
    """Tell whether an object carries the label of what the operator makes."""
    return bool(get_path(found, "metadata", "labels", labels.MANAGED_BY) == labels.PRODUCT)


def _metadata(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in get_dict(found, "metadata").items() if key not in _UNREAD}


def _pod_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a pod runs, and with what leave."""
    kept = {key: spec[key] for key in _READ_OF_POD if spec.get(key) is not None}
    for key in ("initContainers", "containers"):
        privileged = [it for it in spec.get(key) or () if is_privileged(it)]
        if privileged:
            kept[key] = [{"securityContext": {"privileged": True}} for _ in privileged]
    return kept


def _container(item: Mapping[str, Any], *, ended: bool) -> dict[str, Any]:
    kept = {key: item[key] for key in ("name", "image", "ready", "started") if key in item}
    for key in ("state", "lastState"):
        if item.get(key):
            kept[key] = {
                name: _state(name, value, ended=ended) for name, value in item[key].items()
            }
    return kept


def _state(name: str, value: Mapping[str, Any] | None, *, ended: bool) -> dict[str, Any]:
    # Ids of containers and the times of those that ended change without anything having changed
    # for a reader.
    kept = ("startedAt",) if name == "running" else ("reason", "message", "exitCode")
    if value and (ended or value.get("exitCode") in ENDED_FROM_OUTSIDE):
        # How long it ran says who ended it, and when the pod ended as a whole.
        kept = (*kept, "startedAt", "finishedAt")
    return {key: value[key] for key in kept if key in value} if value else {}
