"""The resources that Kodes are made of and refer to.

Rule: a resource that is not here is neither read nor written.
"""

from kode.api.meta import API_VERSION
from kode.kube.resources import (
    CLAIM,
    EVENT,
    LEASE,
    NETWORK_POLICY,
    POD,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Resource,
)

KODE = Resource("Kode", API_VERSION, "kodes")

CHILDREN = (SECRET, CLAIM, SERVICE_ACCOUNT, SERVICE, STATEFUL_SET, NETWORK_POLICY)
"""What a Kode is made of."""

REFERENCED = (
    Resource("KodeTemplate", API_VERSION, "kodetemplates"),
    Resource("KodeClusterTemplate", API_VERSION, "kodeclustertemplates", namespaced=False),
    Resource("EnvoyProxyConfig", API_VERSION, "envoyproxyconfigs"),
    Resource("EnvoyProxyClusterConfig", API_VERSION, "envoyproxyclusterconfigs", namespaced=False),
)
"""What Kodes refer to."""

BY_KIND = {it.kind: it for it in (KODE, POD, LEASE, EVENT, *CHILDREN, *REFERENCED)}
"""Every resource by its kind."""
