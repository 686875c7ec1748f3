"""Which objects are followed, and in what form.

Rule: what is ours is read whole, by label; of everybody else's only what a Kode can refer to or
depend on: that a Secret changed, which claims there are, and what Kubernetes warns of.
"""

import asyncio
from collections.abc import Callable

from kode import labels
from kode.controllers.cache.caches import (
    CacheHandler,
    Caches,
    take_kodes,
    take_namespaces,
    take_objects,
    take_referenced,
    take_secrets,
    take_warnings,
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
    """Return the reflectors that keep the caches true, not yet running."""
    listing = asyncio.Semaphore(_MAX_CONCURRENT_LISTS)

    def follow(options: ListOptions, handler: CacheHandler, *, contents: bool = True) -> Reflector:
        return Reflector(client, options, handler, listing=listing, clock=clock, contents=contents)

    return (
        follow(ListOptions(KODE), take_kodes(caches)),
        *(
            # An existing claim of anybody's may be named by a Kode.
            follow(ListOptions(kind, "" if kind == CLAIM else _OURS), take_objects(caches, kind))
            for kind in (*CHILDREN, POD)
        ),
        *(follow(ListOptions(kind), take_referenced(caches, kind)) for kind in REFERENCED),
        follow(ListOptions(NAMESPACE, metadata_only=True), take_namespaces(caches)),
        follow(
            ListOptions(SECRET, _OTHERS, metadata_only=True),
            take_secrets(caches),
            contents=False,
        ),
        follow(ListOptions(CORE_EVENT, fields=_WARNINGS), take_warnings(caches)),
    )
