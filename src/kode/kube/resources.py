"""Resources of the Kubernetes API: where each is served, and references to their objects.

Rule: the only place that makes paths; each part that a user can choose is quoted.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Object = Mapping[str, Any]
"""An unstructured Kubernetes object."""


@dataclass(frozen=True)
class Resource:
    """One resource of the Kubernetes API.

    Attributes:
        kind: the kind as manifests spell it.
        api_version: group and version, for example apps/v1.
        plural: its name in paths.
        namespaced: whether its objects live in namespaces.
    """

    kind: str
    api_version: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None = None, name: str = "", subresource: str = "") -> str:
        """Return the path of a collection or, with a name, of one object; parts are quoted."""
        root = "/apis" if "/" in self.api_version else "/api"
        parts = [root, self.api_version]
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)

    def ref(self, manifest: Object) -> "ObjectRef":
        """Return the reference to a manifest's object; a namespace left out is empty."""
        metadata = manifest["metadata"]
        return ObjectRef(self, str(metadata.get("namespace") or ""), str(metadata["name"]))


@dataclass(frozen=True)
class ObjectRef:
    """A reference to an object, whether it exists or not.

    Attributes:
        resource: its resource.
        namespace: its namespace; empty where its resource has none.
        name: its name; empty for all of the resource.
    """

    resource: Resource
    namespace: str
    name: str = ""

    def __str__(self) -> str:
        """Return what people call it, for example `Secret team-a/dev-auth`."""
        namespace = f"{self.namespace}/" if self.resource.namespaced and self.namespace else ""
        return f"{self.resource.kind} {namespace}{self.name}".strip()

    @property
    def path(self) -> str:
        """Its path at the API server."""
        return self.resource.path(self.namespace, self.name)


def version_of(manifest: Object) -> int:
    """Return the resourceVersion of an object as a number; 0 for what is none.

    Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
    """
    text = str(manifest["metadata"].get("resourceVersion", ""))
    return int(text) if text.isdecimal() else 0


CLAIM = Resource("PersistentVolumeClaim", "v1", "persistentvolumeclaims")
CORE_EVENT = Resource("Event", "v1", "events")
"""Events by the older API, where they can be selected by what they are about."""
EVENT = Resource("Event", "events.k8s.io/v1", "events")
LEASE = Resource("Lease", "coordination.k8s.io/v1", "leases")
NAMESPACE = Resource("Namespace", "v1", "namespaces", namespaced=False)
NETWORK_POLICY = Resource("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies")
NODE = Resource("Node", "v1", "nodes", namespaced=False)
POD = Resource("Pod", "v1", "pods")
SECRET = Resource("Secret", "v1", "secrets")
SERVICE = Resource("Service", "v1", "services")
SERVICE_ACCOUNT = Resource("ServiceAccount", "v1", "serviceaccounts")
STATEFUL_SET = Resource("StatefulSet", "apps/v1", "statefulsets")
