"""Namespaces as last seen: whether one is being deleted, and what its KodeTemplates may grant.

Rule: nothing else of a namespace is kept; the newer resourceVersion wins.
"""

from dataclasses import dataclass

from kode.api.meta import Object
from kode.kube.resources import version_of
from kode.render.grants import is_granting


@dataclass(frozen=True, slots=True)
class Namespace:
    """What a pass reads of a namespace.

    Attributes:
        grants: whether an administrator has labelled it (labels.ALLOW_GRANTS).
        terminating: whether it is being deleted.
    """

    grants: bool = False
    terminating: bool = False


def read(found: Object) -> Namespace:
    """Return what a namespace says of itself."""
    return Namespace(
        grants=is_granting(found), terminating="deletionTimestamp" in found["metadata"]
    )


class Namespaces:
    """All namespaces."""

    def __init__(self) -> None:
        """Begin empty."""
        self._found: dict[str, tuple[int, Namespace]] = {}

    def get(self, name: str) -> Namespace | None:
        """Return a namespace; None where none is known of that name."""
        entry = self._found.get(name)
        return entry[1] if entry else None

    def put(self, found: Object) -> bool:
        """Remember a namespace; return whether a pass would read anything new."""
        name, version, now = str(found["metadata"]["name"]), version_of(found), read(found)
        before = self._found.get(name)
        if before is not None and version <= before[0]:
            return False
        self._found[name] = (version, now)
        return now != (before[1] if before else Namespace())

    def remove(self, found: Object) -> None:
        """Forget a namespace that is gone: nothing is left in it that a pass could reach."""
        name = str(found["metadata"]["name"])
        before = self._found.get(name)
        if before is not None and version_of(found) >= before[0]:
            del self._found[name]

    def keep(self, seen: set[tuple[str, str]], version: int) -> tuple[()]:
        """Forget what a complete list does not name; return that this reaches nobody.

        Args:
            seen: the namespaces (empty, as they have none) and names of the list.
            version: the version of the list; what is newer stays.
        """
        gone = [
            name
            for name, (known, _) in self._found.items()
            if ("", name) not in seen and known <= version
        ]
        for name in gone:
            del self._found[name]
        return ()
