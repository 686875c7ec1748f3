"""What people are told: the status of a Kode, and Events about it.

Rule: a status is written only where it differs, and an Event only with a written status; the same
news twice is one Event that counts.
"""

import logging
import os
from datetime import UTC, datetime
from typing import Any

from kode import names
from kode.api.meta import Object
from kode.controllers.cache.caches import Caches
from kode.controllers.inputs import KodeKey
from kode.errors import PlatformError
from kode.evaluate.events import KodeEvent
from kode.kube.client import Client
from kode.kube.errors import AlreadyExists, NamespaceTerminating, NotFound
from kode.kube.resources import EVENT, ObjectRef, version_of
from kode.platform.resources import KODE

_LOG = logging.getLogger(__name__)

_REPORTER = "kode.jacero.io/operator"
_MAX_NOTE = 1000
_MAX_BASE_NAME = 200


class Reporter:
    """Writes status and Events."""

    def __init__(self, client: Client, caches: Caches) -> None:
        """Write by a client, and keep the caches true."""
        self._client = client
        self._caches = caches

    async def report(self, kode: Object, status: Object) -> bool:
        """Write a status; return whether the Kode is otherwise as it was seen.

        Args:
            kode: the document as the pass saw it.
            status: the whole status.

        Raises:
            PlatformError: it could not be written.
        """
        metadata = kode["metadata"]
        namespace, name = str(metadata["namespace"]), str(metadata["name"])
        gone = dict.fromkeys((kode.get("status") or {}).keys() - status.keys())
        body = {"status": {**gone, **status}}
        with self._caches.own_writes.suppress((KODE.kind, namespace, name)) as answered:
            try:
                answer = await self._client.patch_merge(
                    ObjectRef(KODE, namespace, name), body, subresource="status"
                )
            except NotFound:
                self._caches.kodes.forget(KodeKey(namespace, name))
                return False
            self._caches.kodes.put(answer)
            answered.append(version_of(answer))
        return _fields_read(answer) == _fields_read(kode)

    async def record(self, kode: Object, events: tuple[KodeEvent, ...]) -> None:
        """Record Events; where that fails it is logged and left."""
        for event in events:
            try:
                await self._record(kode, event)
            except NamespaceTerminating as error:
                _LOG.debug("an Event is lost: %s", error)
            except PlatformError as error:
                _LOG.warning("an Event is lost: %s", error)

    async def _record(self, kode: Object, event: KodeEvent) -> None:
        manifest = _manifest(kode, event)
        ref = EVENT.ref(manifest)
        try:
            await self._client.create(ref, manifest)
        except AlreadyExists:
            live = await self._client.find(ref)
            count = ((live or {}).get("series") or {}).get("count", 1)
            series = {"count": count + 1, "lastObservedTime": manifest["eventTime"]}
            await self._client.patch_merge(ref, {"series": series})


def _fields_read(kode: Object) -> tuple[Any, ...]:
    """Return what a pass reads of a Kode besides its status."""
    metadata = kode["metadata"]
    keys = ("uid", "generation", "labels", "annotations", "deletionTimestamp")
    return tuple(metadata.get(key) for key in keys)


def _manifest(kode: Object, event: KodeEvent) -> dict[str, Any]:
    metadata = kode["metadata"]
    news = f"{metadata['uid']}/{event.reason.value}/{event.message}"
    digest = names.hash_text(news)
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.kind,
        "metadata": {
            "name": f"{metadata['name'][:_MAX_BASE_NAME]}.{digest}",
            "namespace": metadata["namespace"],
        },
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reportingController": _REPORTER,
        "reportingInstance": os.uname().nodename[:128],
        "action": "Reconcile",
        "type": event.type,
        "reason": event.reason.value,
        "note": event.message[:_MAX_NOTE],
        "regarding": {
            "apiVersion": KODE.api_version,
            "kind": KODE.kind,
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "resourceVersion": metadata.get("resourceVersion", ""),
        },
    }
