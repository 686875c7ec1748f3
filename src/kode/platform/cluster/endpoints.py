"""Where a Kode of a cluster is opened.

Rule: the best url that is known: the one that its status has, else a node's port, else none, and
then a tunnel leads there.
"""

from collections.abc import Sequence

from kode import labels, names
from kode.api.meta import Object
from kode.errors import PlatformError
from kode.kube.client import Client, ListOptions
from kode.kube.resources import NODE, POD, SERVICE, ObjectRef
from kode.platform.port import Endpoint
from kode.render.resolve import DEFAULT_USER

_KINDS = ("ExternalIP", "InternalIP")


async def find(client: Client, kode: Object) -> Endpoint:
    """Return where a Kode is opened; without a url where only a tunnel leads there.

    Args:
        client: the cluster.
        kode: the Kode.
    """
    ref = pod_of(kode)
    user = user_of(kode, await client.find(ref))
    url = str((kode.get("status") or {}).get("url") or "")
    return Endpoint(url or await _on_a_node(client, ref.namespace, kode["metadata"]["name"]), user)


def pod_of(kode: Object) -> ObjectRef:
    """Return the reference to a Kode's pod, whether there is one or not."""
    metadata = kode["metadata"]
    return ObjectRef(POD, str(metadata["namespace"]), names.pod(str(metadata["name"])))


def node_url(service: Object, nodes: Sequence[Object]) -> str:
    """Return the URL of a Service at a node; empty where there is none.

    Args:
        service: the Service.
        nodes: the nodes of the cluster.
    """
    spec = service.get("spec") or {}
    port = next((item.get("nodePort") for item in spec.get("ports") or []), None)
    if spec.get("type") != "NodePort" or not port:
        return ""
    for kind in _KINDS:
        for node in nodes:
            for address in (node.get("status") or {}).get("addresses") or []:
                if address.get("type") == kind:
                    host = str(address.get("address"))
                    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    return ""


async def _on_a_node(client: Client, namespace: str, name: str) -> str:
    try:
        service = await client.find(ObjectRef(SERVICE, namespace, names.workload(name)))
        if service is None or service["spec"].get("type") != "NodePort":
            return ""
        pages = [page.items async for page in client.pages(ListOptions(NODE))]
    except PlatformError:
        # Most people may not look at nodes; there is always another way.
        return ""
    return node_url(service, [node for page in pages for node in page if _is_ready(node)])


def user_of(kode: Object, pod: Object | None) -> str | None:
    """Return the login name that is asked for; None for none, or where that is not known.

    Args:
        kode: the Kode.
        pod: its pod; None where there is none.
    """
    annotations = (pod or {}).get("metadata", {}).get("annotations") or {}
    if not annotations.get(labels.CREDENTIALS_SECRET):
        return None
    return str((kode.get("spec") or {}).get("user") or DEFAULT_USER)


def _is_ready(node: Object) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or []
    return any(item.get("type") == "Ready" and item.get("status") == "True" for item in conditions)
