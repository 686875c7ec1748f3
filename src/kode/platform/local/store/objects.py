"""One stored document and the metadata that only the store writes.

Rule: uid, resourceVersion, generation, creationTimestamp and deletionTimestamp are the store's;
whatever a writer says about them counts for nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kode import labels
from kode.api.document import CLUSTER_SCOPED, KINDS
from kode.api.meta import Object

Document = dict[str, Any]

CLAIM, SECRET = "PersistentVolumeClaim", "Secret"
STORED = (*KINDS, SECRET, CLAIM)
"""Every kind that the store holds."""

VOLUME_FINALIZER = "kode.jacero.io/files"
"""Finalizer of claims: the files are there; what deletes them takes it away, and the claim goes.
"""

_OWN = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp")
_APART = frozenset({"apiVersion", "kind", "metadata", "status"})


@dataclass(frozen=True, order=True)
class Key:
    """Where an object stands.

    Attributes:
        kind: its kind.
        namespace: its namespace; empty for kinds that have none.
        name: its name.
    """

    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, document: Object) -> "Key":
        """Return the key of a document."""
        metadata = document["metadata"]
        return cls(document["kind"], metadata.get("namespace", ""), metadata["name"])

    def __str__(self) -> str:
        """Return what people call it."""
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"

    @property
    def namespaced(self) -> bool:
        """Whether its kind has namespaces."""
        return self.kind not in CLUSTER_SCOPED


@dataclass(frozen=True)
class StoredObject:
    """What is stored under a key.

    Attributes:
        document: the whole object.
        applied: the fields that an apply of ours has set, as kode.platform.local.admission.merge
            notes them; None where nothing was ever applied. No values: a password must not stay in
            here.
    """

    document: Document = field(repr=False)
    applied: Mapping[str, Any] | None = None

    @property
    def uid(self) -> str:
        """Its uid."""
        return str(self.document["metadata"]["uid"])

    @property
    def version(self) -> str:
        """Its resourceVersion."""
        return str(self.document["metadata"]["resourceVersion"])

    @property
    def is_terminating(self) -> bool:
        """Whether its deletion has been asked for."""
        return "deletionTimestamp" in self.document["metadata"]

    @property
    def is_deleted(self) -> bool:
        """Whether nothing holds it any more after its deletion was asked for."""
        return self.is_terminating and not self.document["metadata"].get("finalizers")


def new_object(draft: StoredObject, *, uid: str, now: str) -> StoredObject:
    """Return a new object as it is first stored, but for its version."""
    metadata = _writable_metadata(draft.document)
    metadata |= {"uid": uid, "creationTimestamp": now}
    if draft.document["kind"] in KINDS:
        metadata["generation"] = 1
    if draft.document["kind"] == CLAIM:
        # Files outlast a crash between the claim's deletion and their own.
        metadata["finalizers"] = _with_files(metadata)
    return replace(draft, document={**draft.document, "metadata": metadata})


def update(before: StoredObject, after: StoredObject) -> StoredObject:
    """Return an object as it is stored after a change, but for its version."""
    old = before.document["metadata"]
    metadata = _writable_metadata(after.document) | {key: old[key] for key in _OWN if key in old}
    if after.document["kind"] == CLAIM and not before.is_terminating:
        metadata["finalizers"] = _with_files(metadata)
    if "generation" in metadata and _content(before.document) != _content(after.document):
        metadata["generation"] += 1
    return replace(after, document={**after.document, "metadata": metadata})


def mark_deleted(before: StoredObject, now: str) -> StoredObject:
    """Return an object whose deletion is asked for."""
    metadata = {**before.document["metadata"], "deletionTimestamp": now}
    return replace(before, document={**before.document, "metadata": metadata})


def with_purge(before: StoredObject, *, purge: bool) -> StoredObject:
    """Return a Kode that says whether its files go with it, whenever it goes.

    Nobody but a delete says so: an annotation that came with a document must not cost any files.
    """
    metadata = dict(before.document["metadata"])
    annotations = dict(metadata.pop("annotations", None) or {})
    annotations.pop(labels.PURGE, None)
    if purge:
        annotations[labels.PURGE] = "true"
    if annotations:
        metadata["annotations"] = annotations
    return replace(before, document={**before.document, "metadata": metadata})


def with_version(entry: StoredObject, version: int) -> StoredObject:
    """Return an object with its new version."""
    metadata = {**entry.document["metadata"], "resourceVersion": str(version)}
    return replace(entry, document={**entry.document, "metadata": metadata})


def is_owned(document: Object, uid: str) -> bool:
    """Tell whether an object names another as its owner."""
    owners = document["metadata"].get("ownerReferences") or []
    return any(owner.get("uid") == uid for owner in owners)


def dumps(value: object) -> str:
    """Return a value as it is stored: JSON in ASCII, the same for the same value."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _with_files(metadata: Object) -> list[str]:
    return sorted({*(metadata.get("finalizers") or ()), VOLUME_FINALIZER})


def _writable_metadata(document: Object) -> Document:
    metadata: Mapping[str, Any] = document["metadata"]
    return {
        key: value for key, value in metadata.items() if key not in _OWN and value not in ({}, [])
    }


def _content(document: Object) -> Document:
    return {key: value for key, value in document.items() if key not in _APART}
