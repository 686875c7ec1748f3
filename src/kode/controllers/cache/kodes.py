"""Kodes as last seen, and whom each of them refers to.

Rule: the newer resourceVersion wins; the index is rebuilt from the document with each change of it.
"""

from collections.abc import Iterator
from typing import Any

from kode.api.meta import Object
from kode.controllers.cache import trim
from kode.controllers.cache.compression import Compressor
from kode.controllers.inputs import KodeKey
from kode.desired import references
from kode.desired.references import Ref
from kode.kube.resources import version_of


class _Entry:
    """One Kode: its version, its parcel and what it refers to."""

    __slots__ = ("blob", "refs", "version")

    def __init__(self, version: int, blob: bytes, refs: tuple[Ref, ...]) -> None:
        self.version = version
        self.blob = blob
        self.refs = refs


class Kodes:
    """All Kodes."""

    def __init__(self) -> None:
        """Begin empty."""
        self._entries: dict[KodeKey, _Entry] = {}
        self._referrers: dict[Ref, set[KodeKey]] = {}
        self._compressor = Compressor()

    def put(self, found: Object) -> tuple[KodeKey] | None:
        """Remember a Kode; return its key, None where that is no news."""
        key, version = key_of(found), version_of(found)
        entry = self._entries.get(key)
        if entry is not None and version <= entry.version:
            return None
        blob = self._compressor.compress(trim.kode(found), entry.blob if entry else None)
        if entry is not None and entry.blob == blob:
            entry.version = version
            return None
        self._unlink(key)
        self._entries[key] = _Entry(version, blob, self._link(key, found))
        return (key,)

    def remove(self, found: Object) -> tuple[KodeKey] | None:
        """Forget a Kode; return its key, None where that is no news."""
        key = key_of(found)
        entry = self._entries.get(key)
        if entry is None or version_of(found) < entry.version:
            return None
        self.forget(key)
        return (key,)

    def forget(self, key: KodeKey) -> None:
        """Forget a Kode that turned out to be gone."""
        self._unlink(key)
        self._entries.pop(key, None)

    def keep(self, seen: set[tuple[str, str]], version: int) -> tuple[KodeKey, ...]:
        """Forget what a complete list does not name; return the keys of those.

        Args:
            seen: namespaces and names of the list.
            version: the version of the list; what is newer stays.
        """
        gone = tuple(
            key
            for key, entry in self._entries.items()
            if (key.namespace, key.name) not in seen and entry.version <= version
        )
        for key in gone:
            self.forget(key)
        return gone

    def get(self, key: KodeKey) -> dict[str, Any] | None:
        """Return a Kode; None where there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        found = self._compressor.decompress(entry.blob)
        found["metadata"]["resourceVersion"] = str(entry.version)
        return found

    def referrers(self, ref: Ref) -> tuple[KodeKey, ...]:
        """Return the Kodes that refer to an object."""
        return tuple(self._referrers.get(ref, ()))

    def referrers_by_kind(self, kind: str) -> Iterator[KodeKey]:
        """Give the Kodes that refer to some object of a kind."""
        return (key for ref, keys in self._referrers.items() if ref.kind == kind for key in keys)

    def reached_from(self, namespace: str) -> set[KodeKey]:
        """Return the Kodes that are in a namespace, or refer to something of it."""
        inside = {key for key in self._entries if key.namespace == namespace}
        named = (keys for ref, keys in self._referrers.items() if ref.namespace == namespace)
        return inside.union(*named)

    def keys(self) -> tuple[KodeKey, ...]:
        """Return the key of every Kode."""
        return tuple(self._entries)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._entries)

    def _link(self, key: KodeKey, found: Object) -> tuple[Ref, ...]:
        named = (
            references.template_of(found),
            references.secret_of(found),
            references.claim_of(found),
        )
        refs = []
        for ref in named:
            if ref is not None:
                self._referrers.setdefault(ref, set()).add(key)
                refs.append(ref)
        return tuple(refs)

    def _unlink(self, key: KodeKey) -> None:
        entry = self._entries.get(key)
        for ref in entry.refs if entry else ():
            keys = self._referrers[ref]
            keys.discard(key)
            if not keys:
                del self._referrers[ref]


def key_of(found: Object) -> KodeKey:
    """Return the key of a Kode's document."""
    metadata = found["metadata"]
    return KodeKey(str(metadata["namespace"]), str(metadata["name"]))
