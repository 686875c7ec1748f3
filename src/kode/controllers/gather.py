"""What one pass sees, read once: from the caches, and from the API what no cache holds.

Rule: reads never write, and what is read is what stands there: a Secret of somebody's own is read
anew by each pass and kept nowhere.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from kode import labels, names
from kode.api import layout
from kode.api.meta import Object
from kode.controllers import sidecar
from kode.controllers.cache import namespaces
from kode.controllers.cache.caches import Caches
from kode.controllers.cache.namespaces import Namespace
from kode.controllers.children import is_owned
from kode.controllers.inputs import ChildKey, Inputs, KodeKey
from kode.desired import references
from kode.desired.references import Ref
from kode.errors import PlatformError
from kode.evaluate import sidecar_log
from kode.evaluate.observed import claim_phase, pod_view
from kode.evaluate.sidecar_log import Verdict
from kode.kube.client import Client
from kode.kube.resources import CLAIM, NAMESPACE, POD, SECRET, ObjectRef
from kode.platform.resources import BY_KIND, REFERENCED
from kode.render.network_policy import METADATA_ADDRESSES

_LOG = logging.getLogger(__name__)

_LOG_LINES = 2000
_LOG_TIMEOUT = 3.0
"""Seconds; a node that does not answer must not keep other Kodes waiting."""
_RANDOM_BYTES = 32
_SETTLING_SECONDS = 5.0
"""For this long after something was made, a missing consequence of it is no news."""

Found = Mapping[ChildKey, Object]
"""Objects that stand in the place of a child, found when a create met them."""


class Gatherer:
    """Reads the world for one pass."""

    def __init__(
        self,
        client: Client,
        caches: Caches,
        operator_namespace: str,
        closed: tuple[str, ...] = METADATA_ADDRESSES,
    ) -> None:
        """Read from caches, and from the API server what they lack.

        Args:
            client: the API server.
            caches: the caches.
            operator_namespace: where the operator and the gateway run.
            closed: address blocks that no workspace reaches.
        """
        self._client = client
        self._caches = caches
        self._operator_namespace = operator_namespace
        self._closed = closed

    async def gather(self, key: KodeKey, found: Found) -> Inputs:
        """Return what a pass over a Kode sees.

        Args:
            key: the Kode.
            found: objects in the place of its children that no cache holds.

        Raises:
            PlatformError: something could not be read.
        """
        now = datetime.now(UTC)
        kode = self._caches.kodes.get(key)
        children: dict[ChildKey, Object] = {**found, **self._caches.objects.of(key)}
        pods = {it.name: children.pop(it) for it in sorted(children) if it.kind == POD.kind}
        pod = pods.pop(names.pod(key.name), None)
        inputs = Inputs(
            key=key,
            kode=kode,
            now=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            children=children,
            pod=pod,
            other_pod=next(iter(pods.values()), None),
            operator_namespace=self._operator_namespace,
            fresh=secrets.token_urlsafe(_RANDOM_BYTES),
        )
        if kode is None:
            return inputs
        return await self._with_references(inputs, kode, now)

    def is_followed(self, key: KodeKey, child: ChildKey) -> bool:
        """Tell whether a cache knows a child, so that a watch tells what becomes of it."""
        return child in self._caches.objects.of(key)

    async def get_live(self, key: KodeKey, child: ChildKey) -> Object | None:
        """Return what stands in the place of a child; None where nothing does."""
        return await self._client.find(ObjectRef(BY_KIND[child.kind], key.namespace, child.name))

    async def _with_references(self, inputs: Inputs, kode: Object, now: datetime) -> Inputs:
        named = references.template_of(kode)
        template = await self._referent(named)
        own = await self._namespace(inputs.key.namespace)
        where = {inputs.key.namespace: own}
        if named and named.namespace and named.namespace not in where:
            where[named.namespace] = await self._namespace(named.namespace)
        proxy = references.proxy_config_of(template) if template else None
        claim = self._claim(references.claim_of(kode))
        children = await self._with_home(inputs)
        return Inputs(
            key=inputs.key,
            kode=kode,
            now=inputs.now,
            template=template,
            proxy_config=await self._referent(proxy),
            secret=await self._secret(references.secret_of(kode)),
            claim=claim,
            children=children,
            pod=inputs.pod,
            other_pod=inputs.other_pod,
            notes=self._notes(inputs, claim, now),
            operator_namespace=inputs.operator_namespace,
            closed=self._closed,
            granting=frozenset(name for name, found in where.items() if found.grants),
            terminating=own.terminating,
            verdict=await self._verdict(kode, inputs.pod),
            fresh=inputs.fresh,
        )

    async def _verdict(self, kode: Object, live: Object | None) -> Verdict | None:
        """Return what a sidecar says of files that it has yet to be heard about."""
        if live is None or not is_owned(live, str(kode["metadata"]["uid"])):
            return None
        pod = pod_view(live)
        if not sidecar.is_pending(pod):
            return None
        try:
            async with asyncio.timeout(_LOG_TIMEOUT):
                log = await self._client.log(POD.ref(live), layout.SIDECAR, _LOG_LINES)
        except (PlatformError, TimeoutError) as error:
            # It is asked again; the editor runs meanwhile as it did.
            _LOG.info("pod %s: its log cannot be read: %s", live["metadata"]["name"], error)
            return None
        return sidecar_log.read(log, pod.annotations[labels.SIDECAR_REVISION])

    async def _namespace(self, name: str) -> Namespace:
        """Return a namespace; one that no cache knows may be newer than the cache."""
        known = self._caches.namespaces.get(name)
        if known is not None:
            return known
        found = await self._client.find(ObjectRef(NAMESPACE, "", name))
        if found is None:
            return Namespace()
        self._caches.namespaces.put(found)
        return namespaces.read(found)

    async def _with_home(self, inputs: Inputs) -> Found:
        """Return the children, with a claim in the home's place that lost its labels.

        Without it the home would pass for gone.
        """
        key, name = inputs.key, names.home_claim(inputs.key.name)
        child = ChildKey(CLAIM.kind, name)
        if child in inputs.children or not self._caches.objects.find(CLAIM, key.namespace, name):
            return inputs.children
        live = await self._client.find(ObjectRef(CLAIM, key.namespace, name))
        return {**inputs.children, child: live} if live else inputs.children

    async def _referent(self, ref: Ref | None) -> Object | None:
        """Return a template or a proxy config; what no cache knows may be newer than the cache."""
        known = self._caches.referenced.get(ref)
        kind = BY_KIND.get(ref.kind) if ref else None
        if known is not None or ref is None or kind not in REFERENCED:
            return known
        if kind.namespaced and not ref.namespace:
            return None
        found = await self._client.find(ObjectRef(kind, ref.namespace, ref.name))
        if found is not None:
            self._caches.referenced.put(found)
        return self._caches.referenced.get(ref)

    async def _secret(self, ref: Ref | None) -> Object | None:
        if ref is None:
            return None
        return await self._client.find(ObjectRef(SECRET, ref.namespace, ref.name))

    def _claim(self, ref: Ref | None) -> Object | None:
        return self._caches.objects.find(CLAIM, ref.namespace, ref.name) if ref else None

    def _notes(self, inputs: Inputs, claim: Object | None, now: datetime) -> tuple[str, ...]:
        """Return warnings about what has been missing for a while."""
        name = inputs.key.name
        claim = claim or inputs.children.get(ChildKey(CLAIM.kind, names.home_claim(name)))
        if claim and claim_phase(claim) == "Pending" and _is_overdue(claim, now):
            return self._caches.notes.about(claim)
        return ()


def _is_overdue(live: Object, now: datetime) -> bool:
    """Tell whether an object is old enough for its consequences to be missed."""
    try:
        made = datetime.fromisoformat(live["metadata"]["creationTimestamp"])
    except (KeyError, ValueError):
        return True
    return (now - made).total_seconds() > _SETTLING_SECONDS
