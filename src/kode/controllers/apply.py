"""The one loop that carries out what a pass decided.

Rule: an object is made by a create, which can never overwrite one, and changed by server-side apply
on the uid that was seen; what comes back goes into the caches at once, so that the next pass never
repeats a write.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.controllers.cache.store import version_of
from kode.controllers.cache.world import World
from kode.controllers.decision import Apply, Delete, Grow, Patch, Write
from kode.controllers.inputs import ChildKey, Key
from kode.controllers.ownership import gathered
from kode.errors import PlatformError
from kode.platform.kubernetes.client import FIELD_MANAGER, Client
from kode.platform.kubernetes.failures import Exists, Outdated, Vanished
from kode.platform.kubernetes.kinds import BY_NAME, KODE, Kind


class Collision(Exception):
    """A create met an object that no cache knows."""

    def __init__(self, child: ChildKey, live: Object) -> None:
        """Note what stands where."""
        super().__init__(f"{child.kind} {child.name} exists")
        self.child = child
        self.live = live


class GrowthRefused(PlatformError):
    """A claim cannot be made larger; everything else is written."""


class Applier:
    """Writes to children and Kodes."""

    def __init__(self, client: Client, world: World) -> None:
        """Write by a client, and keep the caches true."""
        self._client = client
        self._world = world

    async def apply(self, key: Key, writes: Iterable[Write]) -> None:
        """Carry out writes in order.

        Args:
            key: the Kode.
            writes: what its pass decided.

        Raises:
            Collision: a create met an object that no cache knows; gather again with it.
            GrowthRefused: the last write was to make a claim larger, and is refused.
            Outdated: an object is not what the pass saw; the caches know better now.
            PlatformError: the API server refused or failed; later writes were not tried.
        """
        for write in writes:
            match write:
                case Apply(manifest, None):
                    await self._create(manifest)
                case Grow(manifest, live) if live is not None:
                    await self._grow(manifest, live)
                case Apply(manifest, live) if live is not None:
                    await self._change(manifest, live)
                case Patch():
                    await self._patch(key, write)
                case Delete():
                    await self._delete(key, write)

    async def _create(self, manifest: Object) -> None:
        kind, namespace, name = _target(manifest)
        with self._world.echoes.expected((kind.name, namespace, name)) as answered:
            try:
                answer = await self._client.create(manifest)
            except Exists as error:
                live = await self._refresh(kind, namespace, name)
                if live is None:
                    raise Outdated(error.reason, error.message) from error
                raise Collision(ChildKey(kind.name, name), live) from error
            answered.append(self._take(kind, answer))

    async def _grow(self, manifest: Object, live: Object) -> None:
        try:
            await self._change(manifest, live)
        except PlatformError as error:
            if error.reason is not Reason.REJECTED:
                raise
            raise GrowthRefused(error.reason, error.message) from error

    async def _change(self, manifest: Object, live: Object) -> None:
        kind, namespace, name = _target(manifest)
        digest = hashlib.sha256(orjson.dumps(manifest)).hexdigest()
        if self._world.objects.is_settled(kind, namespace, name, digest):
            return
        with self._world.echoes.expected((kind.name, namespace, name)) as answered:
            try:
                await self._gather_ownership(manifest)
                answer = await self._client.apply(manifest, live["metadata"]["uid"])
            except (Outdated, Vanished) as error:
                await self._refresh(kind, namespace, name)
                raise Outdated(error.reason, error.message) from error
            answered.append(self._take(kind, answer))
        if version_of(answer) == version_of(live):
            # The API server sees no difference where we see one: it spells something otherwise.
            self._world.objects.settle(kind, namespace, name, digest)

    async def _patch(self, key: Key, write: Patch) -> None:
        kind = BY_NAME[write.child.kind]
        meant: dict[str, Any] = {**(write.body.get("metadata") or {}), "uid": write.uid}
        if write.resource_version:
            meant["resourceVersion"] = write.resource_version
        body = {**write.body, "metadata": meant}
        namespace, name = key.namespace, write.child.name
        with self._world.echoes.expected((kind.name, namespace, name)) as answered:
            try:
                answer = await self._client.merge(kind, namespace, name, body)
            except (Outdated, Vanished) as error:
                await self._refresh(kind, namespace, name)
                raise Outdated(error.reason, error.message) from error
            answered.append(self._take(kind, answer))

    async def _delete(self, key: Key, write: Delete) -> None:
        kind = BY_NAME[write.child.kind]
        try:
            await self._client.delete(kind, key.namespace, write.child.name, write.uid)
        except Outdated:
            await self._refresh(kind, key.namespace, write.child.name)
            raise

    async def _gather_ownership(self, manifest: Object) -> None:
        kind, namespace, name = _target(manifest)
        live = await self._client.get(kind, namespace, name)
        if live is None:
            raise Outdated(Reason.PLATFORM_ERROR, f"{kind.name} {namespace}/{name} is gone")
        entries = gathered(live["metadata"].get("managedFields") or [], FIELD_MANAGER, manifest)
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
        await self._client.edit(kind, namespace, name, operations)

    async def _refresh(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """Read an object anew, past the caches."""
        live = await self._client.get(kind, namespace, name)
        if live is not None:
            self._take(kind, live)
        elif kind == KODE:
            self._world.kodes.forget(Key(namespace, name))
        else:
            self._world.objects.forget(kind, namespace, name)
        return live

    def _take(self, kind: Kind, answer: Object) -> int:
        if kind == KODE:
            self._world.kodes.put(answer)
        else:
            self._world.objects.put(kind, answer)
        return version_of(answer)


def _target(manifest: Object) -> tuple[Kind, str, str]:
    metadata = manifest["metadata"]
    return BY_NAME[manifest["kind"]], str(metadata["namespace"]), str(metadata["name"])
