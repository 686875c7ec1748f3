"""What a test of the contract uses: a platform, two namespaces, names of its own.

Rule: what a test says is said through the port alone, so that it means the same on both platforms;
what must be done behind the port's back (make changes be forgotten) is said by the fixture.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kode.api.conditions import Reason
from kode.api.document import CLUSTER_SCOPED
from kode.api.meta import API_VERSION
from kode.errors import Conflict
from kode.platform.port import Platform

Document = dict[str, Any]
IMAGE = "linuxserver/code-server:latest"
_TRIES = 20


@dataclass
class ContractFixture:
    """One platform for one test.

    Attributes:
        platform: the platform.
        namespace: a namespace.
        other: another one.
        mark: part of every name, so that no test meets another's objects.
        old_version: returns a version of which the platform no longer knows the changes.
    """

    platform: Platform
    namespace: str
    other: str
    mark: str
    old_version: Callable[[], Awaitable[str]]
    wide: list[tuple[str, str]] = field(default_factory=list)
    """Objects without a namespace that a test has made, by kind and name."""

    def name(self, stem: str = "it") -> str:
        """Return a name that no other test has."""
        return f"{stem}-{self.mark}"

    def document(self, kind: str, stem: str, spec: Mapping[str, Any], **metadata: Any) -> Document:
        """Return a document of one of our kinds."""
        placed = {"name": self.name(stem), **metadata}
        if kind in CLUSTER_SCOPED:
            self.wide.append((kind, self.name(stem)))
        else:
            placed = {"namespace": self.namespace, **placed}
        return {"apiVersion": API_VERSION, "kind": kind, "metadata": placed, "spec": dict(spec)}

    def template(self, stem: str = "it", **spec: Any) -> Document:
        """Return a KodeTemplate: nobody but the test writes it."""
        given = {"type": "code-server", "image": IMAGE, **spec}
        return self.document("KodeTemplate", stem, given)

    def kode(self, stem: str = "it", **spec: Any) -> Document:
        """Return a Kode that nothing is started for: it is suspended and its template absent."""
        ref = {"kind": "KodeTemplate", "name": "absent"}
        return self.document("Kode", stem, {"templateRef": ref, "suspend": True, **spec})

    def secret(self, stem: str = "it", **data: str) -> Document:
        """Return a Secret with texts."""
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self.name(stem), "namespace": self.namespace},
            "stringData": data,
        }

    async def get(self, kind: str, stem: str = "it") -> Document:
        """Return an object."""
        place = "" if kind in CLUSTER_SCOPED else self.namespace
        return dict(await self.platform.get(kind, self.name(stem), place))

    async def edit(self, document: Document, change: Callable[[Document], None]) -> Document:
        """Read an object, change it and write it back, until nobody came between."""
        metadata = document["metadata"]
        for _ in range(_TRIES):
            found = await self.platform.get(
                document["kind"], metadata["name"], metadata.get("namespace", "")
            )
            written = copied(found)
            change(written)
            try:
                return dict(await self.platform.replace(written))
            except Conflict as conflict:
                if conflict.reason is not Reason.OUTDATED:
                    raise
        raise AssertionError("somebody comes between every time")


def copied(document: Mapping[str, Any]) -> Document:
    """Return a copy of a document whose metadata and spec can be changed."""
    found = dict(document)
    for part in ("metadata", "spec", "status"):
        if part in found:
            found[part] = dict(found[part])
    return found


def version(document: Mapping[str, Any]) -> str:
    """Return the version of an object."""
    return str(document["metadata"]["resourceVersion"])


def generation(document: Mapping[str, Any]) -> int:
    """Return the generation of an object."""
    return int(document["metadata"]["generation"])
