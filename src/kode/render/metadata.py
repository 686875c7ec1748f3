"""Metadata of children: names, labels and the tie to their Kode.

Rule: every child but a kept claim is owned by its Kode, so that Kubernetes collects it.
"""

from typing import Any

from kode import labels
from kode.api.meta import API_VERSION

Manifest = dict[str, Any]


def owner(kode_name: str, kode_uid: str) -> Manifest:
    """Return the owner reference of a child: the Kode is its controller."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Kode",
        "name": kode_name,
        "uid": kode_uid,
        "controller": True,
    }


def child(
    *,
    kode: tuple[str, str, str],
    name: str,
    component: str,
    annotations: dict[str, str] | None = None,
) -> Manifest:
    """Return the metadata of an owned child.

    Args:
        kode: namespace, name and uid of the Kode.
        name: name of the child.
        component: what it is part of, for the label.
        annotations: annotations, if any.
    """
    namespace, kode_name, kode_uid = kode
    metadata: Manifest = {
        "name": name,
        "namespace": namespace,
        "labels": labels.child(kode_name, component),
        "ownerReferences": [owner(kode_name, kode_uid)],
    }
    if annotations:
        metadata["annotations"] = annotations
    return metadata
