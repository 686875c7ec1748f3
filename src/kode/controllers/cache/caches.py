"""All that the operator has seen of the cluster, and whom a change reaches.

Rule: a change is told as keys of Kodes and nothing more; what it was is forgotten, because a pass
looks at the world and not at events.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kode.api.meta import Object
from kode.controllers.cache.kodes import Kodes
from kode.controllers.cache.namespaces import Namespaces
from kode.controllers.cache.own_writes import OwnWrites
from kode.controllers.cache.referenced import ReferencedObjects
from kode.controllers.cache.store import Store
from kode.controllers.cache.warnings import WarningEvents
from kode.controllers.inputs import KodeKey
from kode.desired.references import Ref
from kode.kube.resources import CLAIM, CORE_EVENT, NAMESPACE, SECRET, Resource, version_of
from kode.platform.resources import KODE

Seen = set[tuple[str, str]]
"""Namespaces and names of a complete list."""


class Caches:
    """The caches, and the listener that is told whom changes reach."""

    def __init__(self, notify: Callable[[KodeKey], None]) -> None:
        """Begin empty.

        Args:
            notify: takes the key of a Kode that needs a pass.
        """
        self.kodes = Kodes()
        self.objects = Store()
        self.referenced = ReferencedObjects()
        self.namespaces = Namespaces()
        self.notes = WarningEvents()
        self.own_writes = OwnWrites(notify)
        self._notify = notify

    def keys(self) -> set[KodeKey]:
        """Return every Kode, and those that are gone and left something behind."""
        return {*self.kodes.keys(), *self.objects.keys()}

    def enqueue(self, keys: Iterable[KodeKey]) -> None:
        """Ask for a pass over each of the Kodes."""
        for key in keys:
            self._notify(key)

    def affected(self, ref: Ref) -> Iterator[KodeKey]:
        """Yield each Kode that a template, proxy config, Secret or claim reaches."""
        yield from self.kodes.referrers(ref)
        if ref.kind.startswith("EnvoyProxy"):
            for template in self.referenced.templates_using(ref):
                yield from self.kodes.referrers(template)


@dataclass(frozen=True)
class CacheHandler:
    """Takes what is seen of one kind into its cache, and asks for passes over whom it affects.

    Attributes:
        caches: all caches.
        kind: the kind.
        put: takes an object as it is now; returns whom that affects, None for no news.
        remove: takes that an object is gone; returns the same.
        keep: takes a complete list; returns whom it affects that all others are gone.
    """

    caches: Caches
    kind: Resource
    put: Callable[[Object], Iterable[KodeKey] | None]
    remove: Callable[[Object], Iterable[KodeKey] | None]
    keep: Callable[[Seen, int], Iterable[KodeKey]]

    def on_upsert(self, found: dict[str, Any]) -> None:
        """Take an object as it is now."""
        keys = self.put(found)
        if keys is not None:
            place = (self.kind.kind, *_place(found))
            self.caches.own_writes.tell(place, version_of(found), keys)

    def on_delete(self, found: dict[str, Any]) -> None:
        """Take that an object is gone."""
        self.caches.enqueue(self.remove(found) or ())

    def on_resync(self, seen: Seen, version: int) -> None:
        """Take a complete list: other objects are gone."""
        self.caches.enqueue(self.keep(seen, version))


def take_kodes(caches: Caches) -> CacheHandler:
    """Return what takes Kodes."""
    kodes = caches.kodes
    return CacheHandler(caches, KODE, kodes.put, kodes.remove, kodes.keep)


def take_objects(caches: Caches, kind: Resource) -> CacheHandler:
    """Return what takes children, pods or claims."""
    objects, is_named = caches.objects, kind in (SECRET, CLAIM)

    def and_others(keys: tuple[KodeKey, ...] | None, found: Object) -> tuple[KodeKey, ...] | None:
        # Kodes may name a Secret or a claim that another Kode made; to them its write is news.
        if keys is not None and is_named:
            caches.enqueue(caches.affected(_ref(kind, found)))
        return keys

    def keep(seen: Seen, version: int) -> Iterator[KodeKey]:
        yield from objects.keep(kind, seen, version)
        if is_named:
            yield from caches.kodes.referrers_by_kind(kind.kind)

    return CacheHandler(
        caches,
        kind,
        put=lambda found: and_others(objects.put(kind, found), found),
        remove=lambda found: and_others(objects.remove(kind, found), found),
        keep=keep,
    )


def take_secrets(caches: Caches) -> CacheHandler:
    """Return what takes that a Secret of somebody else's was seen; nothing of it is remembered."""

    def affected(found: Object) -> Iterator[KodeKey]:
        return caches.affected(_ref(SECRET, found))

    def keep(_seen: Seen, _version: int) -> Iterator[KodeKey]:
        return caches.kodes.referrers_by_kind(SECRET.kind)

    return CacheHandler(caches, SECRET, affected, affected, keep)


def take_namespaces(caches: Caches) -> CacheHandler:
    """Return what takes namespaces; what was in one that is gone is gone as well."""
    namespaces = caches.namespaces

    def put(found: Object) -> set[KodeKey] | None:
        name = str(found["metadata"]["name"])
        return caches.kodes.reached_from(name) if namespaces.put(found) else None

    return CacheHandler(caches, NAMESPACE, put, namespaces.remove, namespaces.keep)


def take_warnings(caches: Caches) -> CacheHandler:
    """Return what takes warnings; one that has run out may be true for all that, and stays."""

    def put(found: Object) -> tuple[KodeKey, ...] | None:
        ref = caches.notes.put(found)
        if ref is None:
            return None
        owner = caches.objects.owner(ref.kind, ref.namespace, ref.name)
        return (*owner, *caches.affected(ref))

    return CacheHandler(caches, CORE_EVENT, put, lambda _: None, lambda _seen, _version: ())


def take_referenced(caches: Caches, kind: Resource) -> CacheHandler:
    """Return what takes templates or proxy configs."""
    referenced = caches.referenced

    def affected(ref: Ref | None) -> Iterator[KodeKey] | None:
        return caches.affected(ref) if ref else None

    return CacheHandler(
        caches,
        kind,
        put=lambda found: affected(referenced.put(found)),
        remove=lambda found: affected(referenced.remove(found)),
        keep=lambda seen, version: (
            key for ref in referenced.keep(kind.kind, seen, version) for key in caches.affected(ref)
        ),
    )


def _ref(kind: Resource, found: Object) -> Ref:
    return Ref(kind.kind, *_place(found))


def _place(found: Object) -> tuple[str, str]:
    metadata = found["metadata"]
    return str(metadata.get("namespace", "")), str(metadata["name"])
