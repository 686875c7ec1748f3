"""The kinds of objects that the operator reads and writes, and where the API serves them.

Rule: the only table of paths; a kind that is not here is not touched.
"""

from dataclasses import dataclass
from urllib.parse import quote

from kode.api.meta import API_VERSION


@dataclass(frozen=True)
class Kind:
    """One kind of the Kubernetes API.

    Attributes:
        name: the kind as manifests spell it.
        api_version: group and version, for example apps/v1.
        plural: its name in paths.
        namespaced: whether its objects live in namespaces.
    """

    name: str
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


KODE = Kind("Kode", API_VERSION, "kodes")
SECRET = Kind("Secret", "v1", "secrets")
CLAIM = Kind("PersistentVolumeClaim", "v1", "persistentvolumeclaims")
POD = Kind("Pod", "v1", "pods")
STATEFUL_SET = Kind("StatefulSet", "apps/v1", "statefulsets")
LEASE = Kind("Lease", "coordination.k8s.io/v1", "leases")
EVENT = Kind("Event", "events.k8s.io/v1", "events")
CORE_EVENT = Kind("Event", "v1", "events")
"""Events by the older API, where they can be selected by what they are about."""

SERVICE = Kind("Service", "v1", "services")
NAMESPACE = Kind("Namespace", "v1", "namespaces", namespaced=False)
"""A person's file for a team may begin with one; the operator only reads them."""

NODE = Kind("Node", "v1", "nodes", namespaced=False)

CHILDREN = (
    SECRET,
    CLAIM,
    Kind("ServiceAccount", "v1", "serviceaccounts"),
    SERVICE,
    STATEFUL_SET,
    Kind("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies"),
)
"""What a Kode is made of."""

REFERENTS = (
    Kind("KodeTemplate", API_VERSION, "kodetemplates"),
    Kind("KodeClusterTemplate", API_VERSION, "kodeclustertemplates", namespaced=False),
    Kind("EnvoyProxyConfig", API_VERSION, "envoyproxyconfigs"),
    Kind("EnvoyProxyClusterConfig", API_VERSION, "envoyproxyclusterconfigs", namespaced=False),
)
"""What Kodes refer to."""

BY_NAME = {kind.name: kind for kind in (KODE, POD, LEASE, EVENT, *CHILDREN, *REFERENTS)}
"""Every kind by its name."""
