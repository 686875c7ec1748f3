"""Live objects as the conditions read them: only what they need, out of unstructured data.

Rule: reading never fails; what is missing or odd in an object reads as absent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kode import labels
from kode.api import layout
from kode.api.meta import Object
from kode.api.unstructured import get_dict, get_dicts
from kode.evaluate.envoy_errors import UNTOLD, summarize_error

START_TIMEOUT = 600
"""Seconds after which an editor that has never answered is restarted: its startup probe."""
ENDED_FROM_OUTSIDE = (137, 143)
"""Exit codes of SIGKILL and SIGTERM."""
ENDED_PHASES = frozenset({"Failed", "Succeeded"})
"""Phases of a pod that are final: nothing runs in it any more, and its name is still taken."""
_MAX_REMARK = 300
_TIME_TO_END = 60
"""Seconds that the kubelet may take to end it, grace period included."""

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

_COUNT = re.compile("[0-9]{1,6}")
# What Envoy ends with where it does not take its configuration.
_REFUSED = 1
# Time and place of a line of Envoy's log. Left in, they would make each crash look like a new one.
_ENVOY_PREFIX = re.compile(r"^\[\d{4}-\d\d-\d\d [^]]*\](\[[^]]*\])* (\[[^]]*\] )?", re.MULTILINE)


@dataclass(frozen=True)
class ContainerFailure:
    """Something that keeps a container from running.

    Attributes:
        kind: pull, config, crash or silent: the kubelet ended it because nothing answered.
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
    """A pod as the conditions read it.

    Attributes:
        ready: whether the editor answers.
        stopping: whether it is being deleted.
        started: whether the kubelet says that the editor has started. A kubelet that is restarted
            denies it for a moment (before Kubernetes 1.35).
        was_ready: whether the pod was ready at some time since the editor's container was started.
        unschedulable: the scheduler's words where no node takes it.
        silent_since: when the editor was started, where nothing has answered for it since; empty
            otherwise.
        remark: what the bringing of dotfiles had to say though it ended well.
        failure: the first container that does not run as it should.
        terminated: the kubelet's words where the pod as a whole has ended.
        annotations: its annotations.
        unanswered: what is known of why the editor does not answer any more; empty for nothing.
        node: the node that it is on; empty before one is chosen.
        delete_by: RFC 3339 time by which it should be gone, where it is being deleted.
        made_at: RFC 3339 time at which it was made.
        ended_at: RFC 3339 time at which it ended as a whole; empty where it has not.
        failures: how many pods before it failed, one after the other.
        sidecar_runs: whether the sidecar's container runs.
    """

    ready: bool
    stopping: bool
    started: bool
    was_ready: bool
    unschedulable: str | None
    failure: ContainerFailure | None
    terminated: str | None
    annotations: Mapping[str, str]
    silent_since: str = ""
    remark: str = ""
    unanswered: str = ""
    node: str = ""
    delete_by: str = ""
    made_at: str = ""
    ended_at: str = ""
    failures: int = 0
    sidecar_runs: bool = False


def pod_view(pod: Object) -> PodView:
    """Return what a pod's metadata and status say."""
    metadata, status = get_dict(pod, "metadata"), get_dict(pod, "status")
    conditions = {str(item.get("type")): item for item in get_dicts(status, "conditions")}
    scheduled = conditions.get("PodScheduled", {})
    containers = get_dicts(status, "containerStatuses")
    unschedulable = None
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        unschedulable = _one_line(str(scheduled.get("message", "no node takes the pod")))
    ended = None
    if status.get("phase") in ENDED_PHASES:
        reason = status.get("reason", status["phase"])
        ended = _one_line(f"{reason}: {status.get('message', 'the pod ended')}")
    editor = next((item for item in containers if item.get("name") == layout.EDITOR), {})
    envoy = next((item for item in containers if item.get("name") == layout.SIDECAR), {})
    began = str(get_dict(get_dict(editor, "state"), "running").get("startedAt", ""))
    # Its readiness moves with the start of a pod or later; what moved after the start was ready.
    moved = str(conditions.get("Ready", {}).get("lastTransitionTime", ""))
    ready = conditions.get("Ready", {}).get("status") == "True" and not ended
    started, answered = editor.get("started") is True, bool(began) and moved > began
    return PodView(
        ready=ready,
        stopping="deletionTimestamp" in metadata,
        started=started,
        was_ready=answered,
        unschedulable=unschedulable,
        failure=_trouble(get_dicts(status, "initContainerStatuses"), containers),
        terminated=ended,
        annotations=get_dict(metadata, "annotations"),
        silent_since="" if ready or started or answered else began,
        remark=_remark(get_dicts(status, "initContainerStatuses")),
        node=str(get_dict(pod, "spec").get("nodeName") or ""),
        delete_by=str(metadata.get("deletionTimestamp") or ""),
        made_at=str(metadata.get("creationTimestamp") or ""),
        ended_at=_ended_at(pod) if ended else "",
        failures=_failures(get_dict(metadata, "annotations")),
        sidecar_runs="running" in get_dict(envoy, "state"),
    )


def _ended_at(pod: Object) -> str:
    """Return the last time that anything happened to a pod that has ended."""
    metadata, status = get_dict(pod, "metadata"), get_dict(pod, "status")
    times = [metadata.get("creationTimestamp")]
    times += [item.get("lastTransitionTime") for item in get_dicts(status, "conditions")]
    for item in get_dicts(status, "containerStatuses"):
        times.append(get_dict(get_dict(item, "state"), "terminated").get("finishedAt"))
    return max(str(time or "") for time in times)


def _failures(annotations: Mapping[str, Any]) -> int:
    count = str(annotations.get(labels.FAILURES, "0"))
    return int(count) if _COUNT.fullmatch(count) else 0


def claim_phase(claim: Object) -> str:
    """Return the phase of a claim: Pending, Bound or Lost."""
    return str(get_dict(claim, "status").get("phase", "Pending"))


def _remark(init: Sequence[Object]) -> str:
    for item in init:
        ended = get_dict(get_dict(item, "state"), "terminated")
        is_ours = item.get("name") == "dotfiles" and ended.get("exitCode") == 0
        # Of others nobody knows what they say.
        if is_ours and ended.get("message"):
            return _one_line(str(ended["message"]))[:_MAX_REMARK]
    return ""


def _trouble(init: Sequence[Object], containers: Sequence[Object]) -> ContainerFailure | None:
    for statuses, is_init in ((init, True), (containers, False)):
        for item in statuses:
            found = _of_container(item, is_init=is_init)
            if found:
                return found
    return None


def _of_container(item: Object, *, is_init: bool) -> ContainerFailure | None:
    waiting = get_dict(get_dict(item, "state"), "waiting")
    reason, name = str(waiting.get("reason", "")), str(item.get("name", ""))
    message = _one_line(str(waiting.get("message", reason)))
    if reason in _PULL:
        text = f"image {item.get('image', '?')} cannot be pulled"
        return ContainerFailure("pull", name, is_init, text + _cause(message))
    if reason in _CONFIG:
        return ContainerFailure("config", name, is_init, f"container {name}: {message}")
    state, before = get_dict(item, "state"), get_dict(item, "lastState")
    last = get_dict(before, "terminated") or get_dict(state, "terminated")
    # An init container that ends well is done; any other that ends is in trouble.
    ended = bool(last) and not item.get("ready") and not (is_init and last.get("exitCode") == 0)
    if ended and name == layout.EDITOR and _was_silent(last):
        return ContainerFailure("silent", name, is_init, f"container {name} was ended")
    if reason == "CrashLoopBackOff" or ended:
        text = f"container {name} {_last_words(last, name)}"
        return ContainerFailure("crash", name, is_init, text)
    return None


def _was_silent(last: Object) -> bool:
    """Tell whether the kubelet ended an editor that had not answered in time.

    It says so in an Event alone; what is left in the status is a signal that came when the time was
    over.
    """
    if last.get("exitCode") not in ENDED_FROM_OUTSIDE or last.get("reason") == "OOMKilled":
        return False
    try:
        began, ended = (datetime.fromisoformat(last[key]) for key in ("startedAt", "finishedAt"))
        seconds = (ended - began).total_seconds()
    except (KeyError, TypeError, ValueError):
        return False
    return 0 <= seconds - START_TIMEOUT <= _TIME_TO_END


def _cause(message: str) -> str:
    # The kubelet alternates between the failure itself and a back-off that quotes it, or does not.
    # One beginning for all of them keeps the status from being rewritten at each turn.
    for mark in ("ErrImagePull: ", "ImagePullBackOff: "):
        message = message.split(mark, 1)[-1]
    return "" if message.startswith("Back-off") or message in _PULL else f": {message}"


def _last_words(last: Object, container: str) -> str:
    code = last.get("exitCode", "?")
    words = _one_line(_ENVOY_PREFIX.sub("", str(last.get("message", ""))))
    if container == layout.SIDECAR:
        # Where it may quote a key, nothing that it says stands in the pod's status.
        words = summarize_error(words) or (UNTOLD if code == _REFUSED else "")
    else:
        words = words[-500:]
    reason = last.get("reason", "")
    out_of_memory = " (out of memory)" if reason == "OOMKilled" else ""
    return f"ended with exit code {code}{out_of_memory}" + (f": {words}" if words else "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
