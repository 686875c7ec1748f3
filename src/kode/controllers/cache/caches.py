"""All that the operator has seen of the cluster, and whom a change reaches.

Rule: a change is told as keys of Kodes and nothing more; what it was is forgotten, because a pass
looks at the world and not at events.
"""

from collections.abc import Callable, Iterable
from typing import Any

from kode.api.meta import Object
from kode.controllers.cache.kodes import Kodes, key_of
from kode.controllers.cache.namespaces import Namespaces
from kode.controllers.cache.own_writes import OwnWrites
from kode.controllers.cache.referenced import ReferencedObjects
from kode.controllers.cache.store import Store
from kode.controllers.cache.warnings import WarningEvents
from kode.controllers.inputs import KodeKey
from kode.desired.references import Ref
from kode.kube.resources import CLAIM, SECRET, Resource, version_of
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

    def enqueue_dependents(self, ref: Ref | None) -> None:
        """Ask for a pass over each Kode that a template, proxy config, Secret or claim reaches."""
        if ref is None:
            return
        self.enqueue(self.kodes.referrers(ref))
        if ref.kind.startswith("EnvoyProxy"):
            for template in self.referenced.templates_using(ref):
                self.enqueue(self.kodes.referrers(template))


class KodeEventHandler:
    """Takes what is seen of Kodes."""

    def __init__(self, caches: Caches) -> None:
        """Put it into a world."""
        self._caches = caches

    def on_upsert(self, found: dict[str, Any]) -> None:
        """Take a Kode as it is now."""
        if self._caches.kodes.put(found):
            key = key_of(found)
            place = (KODE.kind, key.namespace, key.name)
            self._caches.own_writes.tell(place, version_of(found), (key,))

    def on_delete(self, found: dict[str, Any]) -> None:
        """Take that a Kode is gone."""
        if self._caches.kodes.remove(found):
            self._caches.enqueue([key_of(found)])

    def on_resync(self, seen: Seen, version: int) -> None:
        """Take a complete list: other Kodes are gone."""
        self._caches.enqueue(self._caches.kodes.keep(seen, version))


class ObjectEventHandler:
    """Takes what is seen of children, pods or claims."""

    def __init__(self, caches: Caches, kind: Resource) -> None:
        """Put objects of one kind into a world."""
        self._caches = caches
        self._kind = kind

    def on_upsert(self, found: dict[str, Any]) -> None:
        """Take an object as it is now."""
        keys = self._caches.objects.put(self._kind, found)
        if keys is None:
            return
        self._caches.own_writes.tell((self._kind.kind, *_place(found)), version_of(found), keys)
        if self._named:
            self._caches.enqueue_dependents(self._ref(found))

    def on_delete(self, found: dict[str, Any]) -> None:
        """Take that an object is gone."""
        keys = self._caches.objects.remove(self._kind, found)
        if keys is None:
            return
        self._caches.enqueue(keys)
        if self._named:
            self._caches.enqueue_dependents(self._ref(found))

    def on_resync(self, seen: Seen, version: int) -> None:
        """Take a complete list: other objects are gone."""
        self._caches.enqueue(self._caches.objects.keep(self._kind, seen, version))
        if self._named:
            self._caches.enqueue(self._caches.kodes.referrers_by_kind(self._kind.kind))

    @property
    def _named(self) -> bool:
        # Kodes may name a Secret or a claim that another Kode made.
        return self._kind in (SECRET, CLAIM)

    def _ref(self, found: Object) -> Ref:
        return Ref(self._kind.kind, *_place(found))


class SecretEventHandler:
    """Takes that something was seen, and remembers nothing of it."""

    def __init__(self, caches: Caches, kind: Resource) -> None:
        """Tell the Kodes of a world that name objects of a kind."""
        self._caches = caches
        self._kind = kind

    def on_upsert(self, found: dict[str, Any]) -> None:
        """Take that an object changed."""
        self._caches.enqueue_dependents(Ref(self._kind.kind, *_place(found)))

    def on_delete(self, found: dict[str, Any]) -> None:
        """Take that an object is gone."""
        self.on_upsert(found)

    def on_resync(self, seen: Seen, version: int) -> None:  # noqa: ARG002 - the protocol's arguments
        """Take that anything may have changed."""
        self._caches.enqueue(self._caches.kodes.referrers_by_kind(self._kind.kind))


class NamespaceEventHandler:
    """Takes what is seen of namespaces."""

    def __init__(self, caches: Caches) -> None:
        """Put them into a world."""
        self._caches = caches

    def on_upsert(self, found: dict[str, Any]) -> None:
        """Take a namespace as it is now."""
        if self._caches.namespaces.put(found):
            self._caches.enqueue(self._caches.kodes.reached_from(str(found["metadata"]["name"])))

    def on_delete(self, found: dict[str, Any]) -> None:
        """Take that a namespace is gone, and all that was in it."""
        self._caches.namespaces.remove(found)

    def on_resync(self, seen: Seen, version: int) -> None:
        """Take a complete list: other namespaces are gone."""
        self._caches.namespaces.keep({name for _, name in seen}, version)


class WarningEventHandler:
    """Takes what Kubernetes warns of."""

    def __init__(self, caches: Caches) -> None:
        """Put it into a world."""
        self._caches = caches

    def on_upsert(self, found: dict[str, Any]) -> None:
        """Take a warning."""
        ref = self._caches.notes.put(found)
        if ref is not None:
            self._caches.enqueue(self._caches.objects.owner(ref.kind, ref.namespace, ref.name))
            self._caches.enqueue(self._caches.kodes.referrers(ref))

    def on_delete(self, found: dict[str, Any]) -> None:
        """Leave it: a warning that has run out may be true for all that."""

    def on_resync(self, seen: Seen, version: int) -> None:
        """Leave the others, as above."""


class ReferencedEventHandler:
    """Takes what is seen of templates or proxy configs."""

    def __init__(self, caches: Caches, kind: Resource) -> None:
        """Put documents of one kind into a world."""
        self._caches = caches
        self._kind = kind

    def on_upsert(self, found: dict[str, Any]) -> None:
        """Take a document as it is now."""
        self._caches.enqueue_dependents(self._caches.referenced.put(found))

    def on_delete(self, found: dict[str, Any]) -> None:
        """Take that a document is gone."""
        self._caches.enqueue_dependents(self._caches.referenced.remove(found))

    def on_resync(self, seen: Seen, version: int) -> None:
        """Take a complete list: other documents are gone."""
        for ref in self._caches.referenced.keep(self._kind.kind, seen, version):
            self._caches.enqueue_dependents(ref)


def _place(found: Object) -> tuple[str, str]:
    metadata = found["metadata"]
    return str(metadata.get("namespace", "")), str(metadata["name"])
