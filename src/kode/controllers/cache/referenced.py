"""Templates and proxy configs as last seen: few, and read by many.

Rule: documents are kept whole and parsed, since every pass of every Kode reads one; the newer
resourceVersion wins.
"""

from typing import Any

from kode.api.meta import Object
from kode.controllers.cache import trim
from kode.desired import references
from kode.desired.references import Ref
from kode.kube.resources import version_of


class ReferencedObjects:
    """All templates and proxy configs."""

    def __init__(self) -> None:
        """Begin empty."""
        self._found: dict[Ref, dict[str, Any]] = {}

    def put(self, found: Object) -> Ref | None:
        """Remember a document; return its name where that is news."""
        ref = ref_of(found)
        known = self._found.get(ref)
        if known is not None and version_of(found) <= version_of(known):
            return None
        kept = trim.kode(found)
        kept["metadata"]["resourceVersion"] = found["metadata"].get("resourceVersion", "")
        self._found[ref] = kept
        return ref

    def remove(self, found: Object) -> Ref | None:
        """Forget a document; return its name where that is news."""
        ref = ref_of(found)
        known = self._found.get(ref)
        if known is None or version_of(found) < version_of(known):
            return None
        del self._found[ref]
        return ref

    def keep(self, kind: str, seen: set[tuple[str, str]], version: int) -> tuple[Ref, ...]:
        """Forget what a complete list of a kind does not name; return the names of those.

        Args:
            kind: the kind.
            seen: namespaces (empty for cluster-wide kinds) and names of the list.
            version: the version of the list; what is newer stays.
        """
        gone = tuple(
            ref
            for ref, known in self._found.items()
            if ref.kind == kind
            and (ref.namespace, ref.name) not in seen
            and version_of(known) <= version
        )
        for ref in gone:
            del self._found[ref]
        return gone

    def get(self, ref: Ref | None) -> dict[str, Any] | None:
        """Return a document; None where there is none. It is shared: never change it."""
        return self._found.get(ref) if ref else None

    def templates_using(self, proxy_config: Ref) -> tuple[Ref, ...]:
        """Return the templates that name a proxy config."""
        return tuple(
            ref
            for ref, known in self._found.items()
            if references.proxy_config_of(known) == proxy_config
        )


def ref_of(found: Object) -> Ref:
    """Return the name of a document."""
    metadata = found["metadata"]
    return Ref(str(found["kind"]), str(metadata.get("namespace", "")), str(metadata["name"]))
