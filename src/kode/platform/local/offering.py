"""The templates that come with the platform, put into its store.

Rule: a person's own word wins: one that was edited is left as it is, one that was not follows the
version of the product, and one that was deleted comes back with the next start.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from kode.api.meta import GROUP, Object
from kode.platform.local.documents import admission
from kode.platform.local.store.entry import Entry, Key
from kode.platform.local.store.store import Store

_SHIPPED = f"{GROUP}/shipped"
"""Annotation on a template that came with the product: digest of the spec that it came with."""


def offer(store: Store, documents: Iterable[Object]) -> None:
    """Put templates into a store.

    Raises:
        PlatformError: the store cannot be written.
    """
    for document in documents:
        wanted = admission.admitted(admission.placed(document)[0], None)
        store.edit(Key.of(wanted), partial(_offered, wanted))


def _offered(wanted: Object, live: Entry | None) -> Entry:
    metadata = dict(wanted["metadata"])
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        _SHIPPED: _digest(wanted["spec"]),
    }
    made = {**wanted, "metadata": metadata}
    if live is None:
        return Entry(made)
    mark = (live.document["metadata"].get("annotations") or {}).get(_SHIPPED)
    return replace(live, document=made) if mark == _digest(live.document["spec"]) else live


def _digest(spec: Object) -> str:
    text = json.dumps(spec, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
