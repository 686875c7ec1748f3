"""The templates that come with the platform: one YAML file each, valid on a cluster too.

Rule: what is in them is what `kode apply` would take. A user's edit wins: an edited one is left as
it is, any other follows the version of the product, and a deleted one comes back with the next
start.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from kode import names
from kode.api.meta import GROUP, Object
from kode.platform.local.admission import admit
from kode.platform.local.store.objects import Key, StoredObject
from kode.platform.local.store.store import LocalStore

_FOLDER = Path(__file__).parent
_SHIPPED = f"{GROUP}/shipped"
"""Annotation on a template that came with the product: digest of the spec that it came with."""


def documents() -> tuple[dict[str, Any], ...]:
    """Return the templates as Kubernetes objects, in order of name."""
    return tuple(
        yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(_FOLDER.glob("*.yaml"))
    )


def install_templates(store: LocalStore, documents: Iterable[Object]) -> None:
    """Put templates into a store.

    Raises:
        PlatformError: the store cannot be written.
    """
    for document in documents:
        wanted = admit.admit(admit.normalize(document)[0], None)
        store.edit(Key.of(wanted), partial(_choose, wanted))


def _choose(wanted: Object, live: StoredObject | None) -> StoredObject:
    metadata = dict(wanted["metadata"])
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        _SHIPPED: _digest(wanted["spec"]),
    }
    made = {**wanted, "metadata": metadata}
    if live is None:
        return StoredObject(made)
    mark = (live.document["metadata"].get("annotations") or {}).get(_SHIPPED)
    return replace(live, document=made) if mark == _digest(live.document["spec"]) else live


def _digest(spec: Object) -> str:
    text = json.dumps(spec, sort_keys=True)
    return names.hash_text(text)
