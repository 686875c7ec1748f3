"""Objects as last seen, one small parcel each, by the Kode that they belong to.

Rule: the newer resourceVersion wins, whether it came by a watch or as the answer to a write.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kode import labels, names
from kode.api.meta import Object
from kode.controllers.cache import trim
from kode.controllers.cache.compression import Compressor
from kode.controllers.inputs import ChildKey, KodeKey
from kode.kube.resources import CLAIM, POD, STATEFUL_SET, Resource, version_of

_TRIMMERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    CLAIM.kind: trim.claim,
    POD.kind: trim.pod,
}


class _Group:
    """The objects of one Kode."""

    __slots__ = ("key", "members")

    def __init__(self, key: KodeKey) -> None:
        self.key = key
        self.members: list[ChildKey] = []


class _Entry:
    """One object: its version, its parcel, and what was applied to it in vain."""

    __slots__ = ("applied_in_vain", "blob", "child", "group", "version")

    def __init__(self, child: ChildKey, version: int, blob: bytes) -> None:
        self.child = child
        self.version = version
        self.blob = blob
        self.group: _Group | None = None
        self.applied_in_vain: str | None = None


class Store:
    """Children, pods and claims."""

    def __init__(self) -> None:
        """Begin empty."""
        self._entries: dict[str, dict[tuple[str, str], _Entry]] = {}
        self._groups: dict[KodeKey, _Group] = {}
        self._compressors: dict[str, Compressor] = {}

    def put(self, kind: Resource, found: Object) -> tuple[KodeKey, ...] | None:
        """Remember an object; return the Kodes that it belongs to, None where it is no news."""
        metadata = found["metadata"]
        place = (str(metadata["namespace"]), str(metadata["name"]))
        version = version_of(found)
        entries = self._entries.setdefault(kind.kind, {})
        entry = entries.get(place)
        if entry is not None and version <= entry.version:
            return None
        kept = _TRIMMERS.get(kind.kind, trim.child)(found)
        blob = self._compressor(kind).compress(kept, entry.blob if entry else None)
        owner = self._owner(kind, found)
        if entry is None:
            entry = entries[place] = _Entry(ChildKey(kind.kind, place[1]), version, blob)
            return (*self._move(entry, owner), *self._take_pod(kind, place))
        entry.version = version
        if entry.blob == blob:
            return None
        entry.blob, entry.applied_in_vain = blob, None
        return (*self._move(entry, owner), *self._take_pod(kind, place))

    def remove(self, kind: Resource, found: Object) -> tuple[KodeKey, ...] | None:
        """Forget an object; return the Kodes that it belonged to, None where it is no news."""
        metadata = found["metadata"]
        place = (str(metadata.get("namespace", "")), str(metadata["name"]))
        entry = self._entries.get(kind.kind, {}).get(place)
        if entry is None or version_of(found) < entry.version:
            return None
        return self._drop(kind, place)

    def forget(self, kind: Resource, namespace: str, name: str) -> None:
        """Forget an object that turned out to be gone."""
        if (namespace, name) in self._entries.get(kind.kind, {}):
            self._drop(kind, (namespace, name))

    def keep(self, kind: Resource, seen: set[tuple[str, str]], version: int) -> tuple[KodeKey, ...]:
        """Forget what a complete list of a kind does not name.

        Args:
            kind: the kind.
            seen: namespaces and names of the list.
            version: the version of the list; what is newer stays.
        """
        entries = self._entries.get(kind.kind, {})
        gone = [
            place
            for place, entry in entries.items()
            if place not in seen and entry.version <= version
        ]
        return tuple(key for place in gone for key in self._drop(kind, place))

    def find(self, kind: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        """Return one object; None where none is known."""
        entry = self._entries.get(kind.kind, {}).get((namespace, name))
        return self._unpacked(entry) if entry else None

    def of(self, key: KodeKey) -> dict[ChildKey, dict[str, Any]]:
        """Return the objects of a Kode."""
        group = self._groups.get(key)
        return {
            child: self._unpacked(self._entries[child.kind][key.namespace, child.name])
            for child in (group.members if group else ())
        }

    def owner(self, kind: str, namespace: str, name: str) -> tuple[KodeKey, ...]:
        """Return the Kode that an object belongs to; none where it is unknown or nobody's."""
        entry = self._entries.get(kind, {}).get((namespace, name))
        return (entry.group.key,) if entry and entry.group else ()

    def keys(self) -> Iterator[KodeKey]:
        """Give every Kode, present or gone, that an object belongs to."""
        return iter(tuple(self._groups))

    def mark_applied(self, kind: Resource, namespace: str, name: str, digest: str) -> None:
        """Note that applying something of that digest to the object changes nothing."""
        entry = self._entries.get(kind.kind, {}).get((namespace, name))
        if entry:
            entry.applied_in_vain = digest

    def is_applied(self, kind: Resource, namespace: str, name: str, digest: str) -> bool:
        """Tell whether applying something of that digest would change nothing."""
        entry = self._entries.get(kind.kind, {}).get((namespace, name))
        return entry is not None and entry.applied_in_vain == digest

    def __len__(self) -> int:
        """Return how many objects are remembered."""
        return sum(len(entries) for entries in self._entries.values())

    def _compressor(self, kind: Resource) -> Compressor:
        return self._compressors.setdefault(kind.kind, Compressor())

    def _unpacked(self, entry: _Entry) -> dict[str, Any]:
        found = self._compressors[entry.child.kind].decompress(entry.blob)
        found["metadata"]["resourceVersion"] = str(entry.version)
        return found

    def _owner(self, kind: Resource, found: Object) -> KodeKey | None:
        """Return the Kode that an object belongs to.

        A pod carries no more of its Kode than a label, which may be cut; the whole name stands at
        the StatefulSet that owns it, whichever of the two is seen first.
        """
        owner = owner_of(found)
        if owner is None or kind != POD:
            return owner
        metadata = found["metadata"]
        places = [(it.get("kind"), it.get("name")) for it in metadata.get("ownerReferences") or ()]
        # One whose StatefulSet is gone already stays with whom it was.
        for kind_name, name in (*places, (POD.kind, metadata["name"])):
            for key in self.owner(str(kind_name), owner.namespace, str(name)):
                if names.label_value(key.name) == owner.name:
                    return key
        return owner

    def _take_pod(self, kind: Resource, workload: tuple[str, str]) -> tuple[KodeKey, ...]:
        """Put a pod that was seen before its StatefulSet under the right Kode."""
        namespace, name = workload
        entry = self._entries.get(POD.kind, {}).get((namespace, f"{name}-0"))
        if kind != STATEFUL_SET or entry is None:
            return ()
        before = entry.group.key if entry.group else None
        owner = self._owner(POD, self._unpacked(entry))
        return self._move(entry, owner) if owner != before else ()

    def _move(self, entry: _Entry, owner: KodeKey | None) -> tuple[KodeKey, ...]:
        """Put an entry under its Kode; return where it came from and where it went."""
        before = entry.group.key if entry.group else None
        if before == owner:
            return (owner,) if owner else ()
        self._leave(entry)
        if owner is not None:
            group = self._groups.setdefault(owner, _Group(owner))
            group.members.append(entry.child)
            entry.group = group
        return tuple(key for key in (before, owner) if key)

    def _leave(self, entry: _Entry) -> None:
        group, entry.group = entry.group, None
        if group:
            group.members.remove(entry.child)
            if not group.members:
                del self._groups[group.key]

    def _drop(self, kind: Resource, place: tuple[str, str]) -> tuple[KodeKey, ...]:
        entry = self._entries[kind.kind].pop(place)
        key = entry.group.key if entry.group else None
        self._leave(entry)
        return (key,) if key else ()


def owner_of(found: Object) -> KodeKey | None:
    """Return the Kode that an object belongs to by its labels; None where it carries none.

    A label value may be a cut name: the whole one stands in the owner reference, or with claims in
    an annotation. Neither is believed where it does not fit the label.
    """
    metadata = found["metadata"]
    carried = metadata.get("labels") or {}
    value = carried.get(labels.KODE)
    if not value or carried.get(labels.MANAGED_BY) != labels.PRODUCT:
        return None
    candidates = [
        str(owner.get("name"))
        for owner in metadata.get("ownerReferences") or ()
        if owner.get("kind") == "Kode"
    ]
    candidates.append(str((metadata.get("annotations") or {}).get(labels.KODE_NAME)))
    name = next((item for item in candidates if names.label_value(item) == value), value)
    return KodeKey(str(metadata["namespace"]), name)
