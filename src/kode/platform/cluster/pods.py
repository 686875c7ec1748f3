"""The pod of a Kode, for those who want into it.

Rule: where there is none yet, what is told is the Kode's own word for why.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kode import names
from kode.api.conditions import ConditionType, Reason
from kode.api.meta import Object
from kode.errors import NotReady
from kode.kube.client import Client
from kode.kube.resources import POD, ObjectRef
from kode.render.editor import FOLDERS

EDITOR = "editor"
SIDECAR = "envoy"


async def running(client: Client, kode: Object, container: str) -> Object:
    """Return a Kode's pod, in which a container runs or has run.

    Raises:
        NotReady: there is no such pod yet, or the container has not started in it.
    """
    metadata = kode["metadata"]
    name = names.pod(str(metadata["name"]))
    pod = await client.find(ObjectRef(POD, str(metadata["namespace"]), name))
    if pod is None or not _has_started(pod, container):
        raise NotReady(
            Reason.STARTING, f"{container} of {_title(kode)} is not running: {why(kode)}"
        )
    return pod


def name_of(pod: Object) -> str:
    """Return the name of a pod."""
    return str(pod["metadata"]["name"])


def user_of(pod: Object) -> tuple[str, str]:
    """Return uid and gid of the editor's user; two empty texts where the pod does not say."""
    for container in _list(_dict(pod.get("spec")).get("containers")):
        if container.get("name") == EDITOR:
            variables = {it.get("name"): str(it.get("value")) for it in _list(container.get("env"))}
            ids = variables.get("PUID", ""), variables.get("PGID", "")
            return ids if all(it.isdecimal() for it in ids) else ("", "")
    return "", ""


def workspace_of(pod: Object) -> str:
    """Return the folder that the editor opens; empty where the pod does not say."""
    for container in _list(_dict(pod.get("spec")).get("initContainers")):
        command = container.get("command")
        if container.get("name") == FOLDERS and isinstance(command, list) and command:
            return str(command[-1])
    return ""


def why(kode: Object) -> str:
    """Return a Kode's own word for why it does not run."""
    if _dict(kode.get("spec")).get("suspend"):
        return f"it is stopped; start it with: kode start {kode['metadata']['name']}"
    conditions = _list(_dict(kode.get("status")).get("conditions"))
    ready = next((item for item in conditions if item.get("type") == ConditionType.READY), None)
    if ready is None:
        return "not reconciled yet (is the operator running?)"
    if ready.get("status") == "True":
        return "its pod is being replaced; try again"
    return f"{ready.get('reason')}: {ready.get('message') or 'no details'}"


def _has_started(pod: Object, container: str) -> bool:
    for status in _list(_dict(pod.get("status")).get("containerStatuses")):
        if status.get("name") == container:
            states = (_dict(status.get("state")), _dict(status.get("lastState")))
            return any("running" in state or "terminated" in state for state in states)
    return False


def _title(kode: Object) -> str:
    return f"Kode {kode['metadata']['namespace']}/{kode['metadata']['name']}"


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
