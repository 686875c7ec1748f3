"""Live objects as the conditions read them: only what they need, out of unstructured data.

Rule: reading never fails; what is missing or odd in an object reads as absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]

_PULL = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
    }
)
_CONFIG = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreStartHookError"}
)


@dataclass(frozen=True)
class Trouble:
    """Something that keeps a container from running.

    Attributes:
        kind: pull, config or crash.
        container: name of the container.
        init: whether it is one that runs before the editor.
        message: the kubelet's words.
    """

    kind: str
    container: str
    init: bool
    message: str


@dataclass(frozen=True)
class PodView:
    """A pod as the conditions read it."""

    ready: bool
    stopping: bool
    started: bool
    unschedulable: str | None
    trouble: Trouble | None
    ended: str | None
    annotations: Mapping[str, str]


def pod_view(pod: Object) -> PodView:
    """Return what a pod's metadata and status say."""
    metadata, status = _dict(pod, "metadata"), _dict(pod, "status")
    conditions = {item.get("type"): item for item in _list(status, "conditions")}
    scheduled = conditions.get("PodScheduled", {})
    containers = _list(status, "containerStatuses")
    unschedulable = None
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        unschedulable = str(scheduled.get("message", "no node takes the pod"))
    ended = None
    if status.get("phase") in ("Failed", "Succeeded"):
        ended = f"{status.get('reason', status['phase'])}: {status.get('message', 'the pod ended')}"
    return PodView(
        ready=conditions.get("Ready", {}).get("status") == "True",
        stopping="deletionTimestamp" in metadata,
        started=any(item.get("name") == "editor" and item.get("started") for item in containers),
        unschedulable=unschedulable,
        trouble=_trouble(_list(status, "initContainerStatuses"), containers),
        ended=ended,
        annotations=_dict(metadata, "annotations"),
    )


def claim_phase(claim: Object) -> str:
    """Return the phase of a claim: Pending, Bound or Lost."""
    return str(_dict(claim, "status").get("phase", "Pending"))


def _trouble(init: Sequence[Object], containers: Sequence[Object]) -> Trouble | None:
    for statuses, is_init in ((init, True), (containers, False)):
        for item in statuses:
            found = _of_container(item, is_init=is_init)
            if found:
                return found
    return None


def _of_container(item: Object, *, is_init: bool) -> Trouble | None:
    waiting = _dict(_dict(item, "state"), "waiting")
    reason, name = str(waiting.get("reason", "")), str(item.get("name", ""))
    message = str(waiting.get("message", reason))
    if reason in _PULL:
        return Trouble(
            "pull", name, is_init, f"image {item.get('image', '?')}: {_settled(message)}"
        )
    if reason in _CONFIG:
        return Trouble("config", name, is_init, f"container {name}: {message}")
    last = _dict(_dict(item, "lastState"), "terminated") or _dict(
        _dict(item, "state"), "terminated"
    )
    if reason == "CrashLoopBackOff" or (last.get("exitCode") and not item.get("ready")):
        return Trouble("crash", name, is_init, f"container {name} {_last_words(last)}")
    return None


def _settled(message: str) -> str:
    # The kubelet alternates between the failure itself and a back-off that quotes it; one text for
    # both keeps the status from being rewritten at each turn.
    for mark in ("ErrImagePull: ", "ImagePullBackOff: "):
        message = message.split(mark, 1)[-1]
    return message.strip()


def _last_words(last: Object) -> str:
    code, words = last.get("exitCode", "?"), str(last.get("message", "")).strip()
    reason = last.get("reason", "")
    out_of_memory = " (out of memory)" if reason == "OOMKilled" else ""
    return f"ended with exit code {code}{out_of_memory}" + (f": {words[-500:]}" if words else "")


def _dict(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _list(value: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = value.get(key)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
