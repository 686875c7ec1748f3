"""The resources that Kodes are made of and refer to.

Rule: a resource that is not here is neither read nor written.
"""

from kode.api import kinds
from kode.api.kinds import Kind
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


def _resource(kind: Kind) -> Resource:
    return Resource(kind.name, API_VERSION, kind.plural, namespaced=kind.namespaced)


KODE = _resource(kinds.KODE)

CHILDREN = (SECRET, CLAIM, SERVICE_ACCOUNT, SERVICE, STATEFUL_SET, NETWORK_POLICY)
"""What a Kode is made of."""

REFERENCED = tuple(_resource(kind) for kind in kinds.ALL if kind is not kinds.KODE)
"""What Kodes refer to."""

BY_KIND = {it.kind: it for it in (KODE, POD, LEASE, EVENT, *CHILDREN, *REFERENCED)}
"""Every resource by its kind."""
