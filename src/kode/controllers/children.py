"""The children of one Kode as they stand, and what puts them right.

Rule: nothing that is not the Kode's own is ever taken over, overwritten or deleted.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.controllers.decision import Apply, Delete, Expand, Patch, Write
from kode.controllers.diff import is_expansion, is_subset, keep_immutable, with_live_size
from kode.controllers.inputs import ChildKey
from kode.errors import Conflict

_COMPARED = ("metadata", "spec", "data", "type", "automountServiceAccountToken")
_MARK = {labels.RETAINED: "true"}


class Children:
    """Live children by key, read for one Kode."""

    def __init__(self, live: Mapping[ChildKey, Object], uid: str) -> None:
        """Look at live objects for the Kode with the given uid."""
        self._live = live
        self._uid = uid
        self.ignored: list[str] = []
        """Fields of the claim where the wish cannot be followed any more."""

    def live(self, manifest: Object) -> Object | None:
        """Return the live object of a manifest; None where there is none."""
        return self._live.get(key_of(manifest))

    def owned(self, key: ChildKey) -> Object | None:
        """Return a live object if it is the Kode's own."""
        live = self._live.get(key)
        return live if live is not None and self._is_ours(key, live) else None

    def check_owner(self, manifest: Object) -> None:
        """Refuse an object that stands in the place of a child and is not the Kode's.

        Raises:
            Conflict: with what to do about it.
        """
        key = key_of(manifest)
        live = self._live.get(key)
        if live is None or self._is_ours(key, live):
            return
        if key.kind == "PersistentVolumeClaim" and labels.KODE_UID in _labels(live):
            raise Conflict(
                Reason.CLAIM_RETAINED,
                f"claim {key.name} holds the files of an earlier Kode of this name: to use them "
                f"set spec.storage.existingVolumeClaim to {key.name}, or delete the claim",
            )
        raise Conflict(
            Reason.NOT_OWNED,
            f"{key.kind} {key.name} exists and is not this Kode's: delete it, or rename the Kode",
        )

    def reconcile_child(self, manifest: Object) -> list[Write]:
        """Return the writes that make an object as desired: one, or none where it is.

        The growth of a claim is a write of its own, so that its refusal keeps nothing else from it.
        """
        live = self.live(manifest)
        if live is None:
            return [Apply(manifest, None)]
        if "deletionTimestamp" in live["metadata"]:
            return []
        desired, ignored = keep_immutable(live, manifest)
        if manifest["kind"] == "PersistentVolumeClaim":
            self.ignored.extend(ignored)
        if manifest["kind"] == "Secret":
            return [*_without_others(live, desired), *self._differing(live, desired)]
        if not is_expansion(live, desired):
            return self._differing(live, desired)
        return [*self._differing(live, with_live_size(live, desired)), Expand(desired, live)]

    def mark_retained(self) -> list[Write]:
        """Return the patches that mark claims of earlier Kodes of this name, for lists.

        A claim with an owner goes with it, and needs no mark.
        """
        return [
            Patch(key, live["metadata"]["uid"], None, {"metadata": {"labels": _MARK}})
            for key, live in sorted(self._live.items())
            if key.kind == "PersistentVolumeClaim"
            and _labels(live).get(labels.KODE_UID) not in (None, names.label_value(self._uid))
            and labels.RETAINED not in _labels(live)
            and not _owners(live)
            and "deletionTimestamp" not in live["metadata"]
        ]

    def prune(self, manifests: Iterable[Object], kept: Collection[ChildKey] = ()) -> list[Write]:
        """Return the deletes of the Kode's own objects that are no longer desired.

        Claims are never among them: files go only with the Kode, and only when asked.

        Args:
            manifests: what is desired.
            kept: what stays all the same, because what runs still uses it.
        """
        wanted = {*(key_of(manifest) for manifest in manifests), *kept}
        return [
            delete(key, live)
            for key, live in sorted(self._live.items())
            if key not in wanted
            and key.kind != "PersistentVolumeClaim"
            and self._is_ours(key, live)
            and "deletionTimestamp" not in live["metadata"]
        ]

    def _differing(self, live: Object, desired: Object) -> list[Write]:
        same = all(
            is_subset(live.get(part), desired[part], part) for part in _COMPARED if part in desired
        )
        return [] if same and self._owners_agree(live, desired) else [Apply(desired, live)]

    def _is_ours(self, key: ChildKey, live: Object) -> bool:
        if is_owned(live, self._uid):
            return True
        if key.kind != "PersistentVolumeClaim":
            return False
        return _labels(live).get(labels.KODE_UID) == names.label_value(self._uid)

    def _owners_agree(self, live: Object, desired: Object) -> bool:
        # An owner too many is drift as well: it would let a kept claim be collected.
        mine = [item for item in _owners(live) if item.get("uid") == self._uid]
        return len(mine) == len(_owners(desired))


def is_owned(live: Object, uid: str) -> bool:
    """Tell whether an object is the Kode's with a uid."""
    return any(item.get("uid") == uid for item in _owners(live))


def delete(key: ChildKey, live: Object) -> Delete:
    """Return the delete of a live object.

    A StatefulSet of 0.1.0 stays until its pod is gone: the pod that takes its place mounts the same
    claim.
    """
    return Delete(key, live["metadata"]["uid"], foreground=key.kind == "StatefulSet")


def key_of(manifest: Object) -> ChildKey:
    """Return the key of a manifest."""
    return ChildKey(str(manifest["kind"]), str(manifest["metadata"]["name"]))


def _without_others(live: Object, desired: Object) -> list[Write]:
    """Return the patch that takes out of a Secret what is not ours.

    Each key is a file to whoever mounts it: one too many could stand before one of ours.
    """
    others = {key: None for key in live.get("data") or {} if key not in desired["data"]}
    if not others:
        return []
    return [Patch(key_of(live), live["metadata"]["uid"], None, {"data": others})]


def _labels(live: Object) -> Mapping[str, str]:
    return live["metadata"].get("labels") or {}


def _owners(live: Object) -> list[Mapping[str, Any]]:
    return live["metadata"].get("ownerReferences") or []
