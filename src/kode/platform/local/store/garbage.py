"""What becomes of a Kode's children when it is deleted.

Rule: the same as on a cluster (docs/explanation/lifecycle.md): what it owns goes with it; its claim
is kept and marked for lists, unless keepVolume is false or a purge is asked for; a claim that was
only mounted is left alone.
"""

import sqlite3
from enum import Enum

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.errors import RefNotFound
from kode.platform.local.store.objects import CLAIM, Document, is_owned


class Disposition(Enum):
    """What becomes of an object."""

    DELETE = "goes"
    RETAIN = "kept"
    IGNORE = "not its own"


def disposition(child: Object, kode: Object) -> Disposition:
    """Return what becomes of an object of the Kode's namespace."""
    uid = kode["metadata"]["uid"]
    owned = is_owned(child, uid)
    if child["kind"] != CLAIM:
        return Disposition.DELETE if owned else Disposition.IGNORE
    marks = child["metadata"].get("labels") or {}
    if not owned and marks.get(labels.KODE_UID) != names.label_value(uid):
        return Disposition.IGNORE
    # The wish as it stands now counts, also where nobody has yet carried it over to the claim.
    keep = (kode["spec"].get("storage") or {}).get("keepVolume", True)
    purge = (kode["metadata"].get("annotations") or {}).get(labels.PURGE) == "true"
    return Disposition.RETAIN if keep and not purge else Disposition.DELETE


def mark_retained(claim: Object, kode: Object) -> Document:
    """Return a claim that outlives its Kode: marked, and nobody's."""
    uid = kode["metadata"]["uid"]
    metadata = dict(claim["metadata"])
    metadata["labels"] = {**(metadata.get("labels") or {}), labels.RETAINED: "true"}
    owners = metadata.pop("ownerReferences", None) or []
    others = [owner for owner in owners if owner.get("uid") != uid]
    if others:
        metadata["ownerReferences"] = others
    return {**claim, "metadata": metadata}


def check_owner(database: sqlite3.Connection, document: Object) -> None:
    """Refuse a child whose Kode was deleted in the meantime: nothing would ever delete it.

    Raises:
        RefNotFound: with the name of the Kode.
    """
    for owner in document["metadata"].get("ownerReferences") or []:
        row = database.execute(
            "SELECT 1 FROM objects WHERE uid = ? AND kind = 'Kode'", (owner.get("uid"),)
        ).fetchone()
        if owner.get("kind") == "Kode" and row is None:
            raise RefNotFound(
                Reason.NOT_FOUND, f"its owner, Kode {owner.get('name')}, does not exist any more"
            )
