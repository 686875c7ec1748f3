"""The pod of a Kode, for those who want into it.

Rule: where there is none yet, what is told is the Kode's own word for why.
"""

from kode import names
from kode.api import layout
from kode.api.conditions import ConditionType, Reason
from kode.api.meta import Object
from kode.api.unstructured import get_dict, get_dicts
from kode.errors import NotReady
from kode.kube.client import Client
from kode.kube.resources import POD, ObjectRef
from kode.render.editor import FOLDERS


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
    for container in get_dicts(get_dict(pod, "spec"), "containers"):
        if container.get("name") == layout.EDITOR:
            variables = {it.get("name"): str(it.get("value")) for it in get_dicts(container, "env")}
            ids = variables.get("PUID", ""), variables.get("PGID", "")
            return ids if all(it.isdecimal() for it in ids) else ("", "")
    return "", ""


def workspace_of(pod: Object) -> str:
    """Return the folder that the editor opens; empty where the pod does not say."""
    for container in get_dicts(get_dict(pod, "spec"), "initContainers"):
        command = container.get("command")
        if container.get("name") == FOLDERS and isinstance(command, list) and command:
            return str(command[-1])
    return ""


def why(kode: Object) -> str:
    """Return a Kode's own word for why it does not run."""
    if get_dict(kode, "spec").get("suspend"):
        return f"it is stopped; start it with: kode start {kode['metadata']['name']}"
    conditions = get_dicts(get_dict(kode, "status"), "conditions")
    ready = next((item for item in conditions if item.get("type") == ConditionType.READY), None)
    if ready is None:
        return "not reconciled yet (is the operator running?)"
    if ready.get("status") == "True":
        return "its pod is being replaced; try again"
    return f"{ready.get('reason')}: {ready.get('message') or 'no details'}"


def _has_started(pod: Object, container: str) -> bool:
    for status in get_dicts(get_dict(pod, "status"), "containerStatuses"):
        if status.get("name") == container:
            states = (get_dict(status, "state"), get_dict(status, "lastState"))
            return any("running" in state or "terminated" in state for state in states)
    return False


def _title(kode: Object) -> str:
    return f"Kode {kode['metadata']['namespace']}/{kode['metadata']['name']}"
