"""The claim of the home volume.

Rule: a claim that is kept has no owner, so nothing that collects garbage can take the files; it
carries the Kode's uid instead, so that it is never mistaken for another Kode's.
"""

from kode import labels, names
from kode.render.metadata import Manifest, owner
from kode.render.resolve import DEFAULT_SIZE, ResolvedKode


def claim_name(kode: ResolvedKode) -> str:
    """Return the name of the claim that the pod mounts."""
    return kode.storage.existing_volume_claim or names.home_claim(kode.name)


def home(kode: ResolvedKode) -> Manifest | None:
    """Return the claim of the home volume; None where an existing one is used."""
    storage = kode.storage
    if storage.existing_volume_claim:
        return None
    size = str(storage.resources.requests.storage) if storage.resources else DEFAULT_SIZE
    spec: Manifest = {
        "accessModes": list(storage.access_modes or ["ReadWriteOnce"]),
        "resources": {"requests": {"storage": size}},
    }
    if storage.storage_class_name:
        spec["storageClassName"] = storage.storage_class_name
    metadata: Manifest = {
        "name": names.home_claim(kode.name),
        "namespace": kode.namespace,
        "labels": {**labels.child(kode.name, "home"), labels.KODE_UID: names.label_value(kode.uid)},
        "annotations": {labels.KODE_NAME: kode.name},
    }
    if not storage.keep_volume:
        metadata["ownerReferences"] = [owner(kode.name, kode.uid)]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": spec,
    }
