"""Where a Kode of a cluster is opened.

Rule: the best address that is known: the one that its status has, else a node's port, else a port
of this machine that leads there, under a host name that is the Kode's alone: cookies know no ports.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

from kode import labels, names
from kode.api.meta import Object
from kode.errors import PlatformError
from kode.platform.kubernetes.client import Client, Scope
from kode.platform.kubernetes.kinds import NODE, POD, SERVICE
from kode.platform.kubernetes.objects import Spot
from kode.platform.port import Address
from kode.render.resolve import DEFAULT_USER

_KINDS = ("ExternalIP", "InternalIP")


@dataclass(frozen=True)
class Way:
    """How this machine reaches the cluster.

    Attributes:
        lead: leads a port of this machine to a pod's door, under a host name; gives the url.
        options: options that name the same cluster for another program.
    """

    lead: Callable[[Spot, str], AbstractAsyncContextManager[str]]
    options: tuple[str, ...] = ()

    def forward(self, pod: Spot, host: str) -> tuple[str, ...]:
        """Return the command that leads a port of this machine to a pod's door."""
        module = "kode.platform.kubernetes.forward"
        return (
            *(sys.executable, "-m", module, *self.options),
            *("--namespace", pod.namespace, "--host", host, pod.name),
        )


async def of(client: Client, kode: Object, way: Way) -> Address:
    """Return where a Kode is opened.

    Args:
        client: the cluster.
        kode: the Kode.
        way: how this machine reaches the cluster.
    """
    metadata = kode["metadata"]
    namespace, name = str(metadata["namespace"]), str(metadata["name"])
    user = user_of(kode, await client.get(POD, namespace, names.pod(name)))
    url = str((kode.get("status") or {}).get("url") or "")
    if not url:
        url = await _on_a_node(client, namespace, name)
    if url:
        return Address(url, user)
    pod, host = Spot(POD, namespace, names.pod(name)), f"{names.host(name, namespace)}.localhost"
    return Address("", user, command=way.forward(pod, host), lead=partial(way.lead, pod, host))


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
        service = await client.get(SERVICE, namespace, names.workload(name))
        if service is None or service["spec"].get("type") != "NodePort":
            return ""
        pages = [page.items async for page in client.pages(Scope(NODE))]
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
