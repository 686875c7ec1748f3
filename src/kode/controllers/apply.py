"""The one loop that carries out what a pass decided.

Rule: an object is made by a create, which can never overwrite one, and changed by server-side apply
on the uid that was seen (a pod never is); what comes back goes into the caches at once, so that the
next pass never repeats a write.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import orjson

from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.controllers.cache.caches import Caches
from kode.controllers.decision import Apply, Delete, Expand, Patch, Write
from kode.controllers.inputs import ChildKey, KodeKey
from kode.controllers.managed_fields import take_ownership
from kode.errors import PlatformError
from kode.kube.client import Client
from kode.kube.errors import AlreadyExists, ApiConflict, NotFound
from kode.kube.resources import ObjectRef, Resource, version_of
from kode.platform.resources import BY_KIND, KODE

FIELD_MANAGER = "kode"
"""Who the operator is in managedFields."""


class Collision(Exception):
    """A create met an object that no cache knows."""

    def __init__(self, child: ChildKey, live: Object) -> None:
        """Note what stands where."""
        super().__init__(f"{child.kind} {child.name} exists")
        self.child = child
        self.live = live


class ExpansionRefused(PlatformError):
    """A claim cannot be made larger; everything else is written."""


class Applier:
    """Writes to children and Kodes."""

    def __init__(self, client: Client, caches: Caches) -> None:
        """Write by a client, and keep the caches true."""
        self._client = client
        self._caches = caches

    async def apply(self, key: KodeKey, writes: Iterable[Write]) -> None:
        """Carry out writes in order.

        Args:
            key: the Kode.
            writes: what its pass decided.

        Raises:
            Collision: a create met an object that no cache knows; gather again with it.
            ExpansionRefused: the last write was to make a claim larger, and is refused.
            ApiConflict: an object is not what the pass saw; the caches know better now.
            PlatformError: the API server refused or failed; later writes were not tried.
        """
        for write in writes:
            match write:
                case Apply(manifest, None):
                    await self._create(manifest)
                case Expand(manifest, live) if live is not None:
                    await self._grow(manifest, live)
                case Apply(manifest, live) if live is not None:
                    await self._change(manifest, live)
                case Patch():
                    await self._patch(key, write)
                case Delete():
                    await self._delete(key, write)

    async def _create(self, manifest: Object) -> None:
        ref = _ref(manifest)
        with self._caches.own_writes.suppress(_place(ref)) as answered:
            try:
                answer = await self._client.create(ref, manifest)
            except AlreadyExists as error:
                live = await self._refresh(ref)
                if live is None:
                    raise ApiConflict(error.reason, error.message) from error
                raise Collision(ChildKey(ref.resource.kind, ref.name), live) from error
            answered.append(self._take(ref.resource, answer))

    async def _grow(self, manifest: Object, live: Object) -> None:
        try:
            await self._change(manifest, live)
        except PlatformError as error:
            if error.reason is not Reason.REJECTED:
                raise
            raise ExpansionRefused(error.reason, error.message) from error

    async def _change(self, manifest: Object, live: Object) -> None:
        ref = _ref(manifest)
        digest = hashlib.sha256(orjson.dumps(manifest)).hexdigest()
        if self._caches.objects.is_applied(ref.resource, ref.namespace, ref.name, digest):
            return
        with self._caches.own_writes.suppress(_place(ref)) as answered:
            try:
                await self._gather_ownership(ref, manifest)
                uid = live["metadata"]["uid"]
                result = await self._client.apply(ref, manifest, uid=uid, force=True)
            except (ApiConflict, NotFound) as error:
                await self._refresh(ref)
                raise ApiConflict(error.reason, error.message) from error
            answered.append(self._take(ref.resource, result.document))
        if version_of(result.document) == version_of(live):
            # The API server sees no difference where we see one: it spells something otherwise.
            self._caches.objects.mark_applied(ref.resource, ref.namespace, ref.name, digest)

    async def _patch(self, key: KodeKey, write: Patch) -> None:
        ref = ObjectRef(BY_KIND[write.child.kind], key.namespace, write.child.name)
        meant: dict[str, Any] = {**(write.body.get("metadata") or {}), "uid": write.uid}
        if write.resource_version:
            meant["resourceVersion"] = write.resource_version
        body = {**write.body, "metadata": meant}
        with self._caches.own_writes.suppress(_place(ref)) as answered:
            try:
                answer = await self._client.patch_merge(ref, body)
            except (ApiConflict, NotFound) as error:
                await self._refresh(ref)
                raise ApiConflict(error.reason, error.message) from error
            answered.append(self._take(ref.resource, answer))

    async def _delete(self, key: KodeKey, write: Delete) -> None:
        ref = ObjectRef(BY_KIND[write.child.kind], key.namespace, write.child.name)
        try:
            # Where it is gone already, there is nothing to do.
            with suppress(NotFound):
                await self._client.delete(ref, uid=write.uid, foreground=write.foreground)
        except ApiConflict:
            await self._refresh(ref)
            raise

    async def _gather_ownership(self, ref: ObjectRef, manifest: Object) -> None:
        live = await self._client.find(ref)
        if live is None:
            raise ApiConflict(Reason.PLATFORM_ERROR, f"{ref} is gone")
        entries = take_ownership(
            live["metadata"].get("managedFields") or [], FIELD_MANAGER, manifest
        )
        if entries is None:
            return
        operations: list[Mapping[str, Any]] = [
            {"op": "replace", "path": "/metadata/managedFields", "value": entries},
            {
                "op": "replace",
                "path": "/metadata/resourceVersion",
                "value": live["metadata"]["resourceVersion"],
            },
        ]
        await self._client.patch_json(ref, operations)

    async def _refresh(self, ref: ObjectRef) -> Object | None:
        """Read an object again, past the caches."""
        live = await self._client.find(ref)
        if live is not None:
            self._take(ref.resource, live)
        elif ref.resource == KODE:
            self._caches.kodes.forget(KodeKey(ref.namespace, ref.name))
        else:
            self._caches.objects.forget(ref.resource, ref.namespace, ref.name)
        return live

    def _take(self, resource: Resource, answer: Object) -> int:
        if resource == KODE:
            self._caches.kodes.put(answer)
        else:
            self._caches.objects.put(resource, answer)
        return version_of(answer)


def _ref(manifest: Object) -> ObjectRef:
    return BY_KIND[manifest["kind"]].ref(manifest)


def _place(ref: ObjectRef) -> tuple[str, str, str]:
    return ref.resource.kind, ref.namespace, ref.name
