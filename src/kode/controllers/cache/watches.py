"""Which objects are followed, and in what form.

Rule: what is ours is read whole, by label; of everybody else's only what a Kode can refer to or
depend on: that a Secret changed, which claims there are, and what Kubernetes warns of.
"""

import asyncio
from collections.abc import Callable

from kode import labels
from kode.controllers.cache.caches import (
    Caches,
    KodeEventHandler,
    NamespaceEventHandler,
    ObjectEventHandler,
    ReferencedEventHandler,
    SecretEventHandler,
    WarningEventHandler,
)
from kode.kube.client import Client, ListOptions
from kode.kube.reflector import Reflector
from kode.kube.resources import CLAIM, CORE_EVENT, NAMESPACE, POD, SECRET
from kode.platform.resources import CHILDREN, KODE, REFERENCED

_MAX_CONCURRENT_LISTS = 2
"""Few: pages that wait to be taken in are memory that is not given back."""
_OURS = f"{labels.MANAGED_BY}={labels.PRODUCT}"
_OTHERS = f"{labels.MANAGED_BY}!={labels.PRODUCT}"
# What is wrong with a pod stands in its status; most warnings are about pods.
_WARNINGS = "type=Warning,involvedObject.kind!=Pod,involvedObject.kind!=Node"


def reflectors(client: Client, caches: Caches, clock: Callable[[], float]) -> tuple[Reflector, ...]:
    """Return the reflectors that keep a world true, not yet running."""
    listing = asyncio.Semaphore(_MAX_CONCURRENT_LISTS)
    found = [
        Reflector(client, ListOptions(KODE), KodeEventHandler(caches), listing=listing, clock=clock)
    ]
    for kind in (*CHILDREN, POD):
        # An existing claim of anybody's may be named by a Kode.
        selector = "" if kind == CLAIM else _OURS
        sink = ObjectEventHandler(caches, kind)
        found.append(
            Reflector(client, ListOptions(kind, selector), sink, listing=listing, clock=clock)
        )
    for kind in REFERENCED:
        referenced = ReferencedEventHandler(caches, kind)
        found.append(Reflector(client, ListOptions(kind), referenced, listing=listing, clock=clock))
    namespaces = ListOptions(NAMESPACE, metadata_only=True)
    sink_of_namespaces = NamespaceEventHandler(caches)
    found.append(Reflector(client, namespaces, sink_of_namespaces, listing=listing, clock=clock))
    secrets = ListOptions(SECRET, _OTHERS, metadata_only=True)
    sink_of_news = SecretEventHandler(caches, SECRET)
    found.append(
        Reflector(client, secrets, sink_of_news, listing=listing, clock=clock, contents=False)
    )
    warnings = ListOptions(CORE_EVENT, fields=_WARNINGS)
    found.append(
        Reflector(client, warnings, WarningEventHandler(caches), listing=listing, clock=clock)
    )
    return tuple(found)
