"""A home that is gone: told, and never replaced in silence by an empty one.

Rule: that a Kode has had a home stands in its status, which nobody else writes and which no copy of
the Kode takes along; a new one is made where an annotation names the one that is gone.
"""

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.errors import RefNotFound


def check(kode: Object, claim: Object | None) -> None:
    """Refuse to make a new claim in the place of one that has been the home.

    Args:
        kode: the Kode as it is written, with its status.
        claim: the claim of its home as it stands; None where there is none.

    Raises:
        RefNotFound: it is gone; the message says how to begin anew.
    """
    lost = gone(kode)
    if claim is not None or not lost or _is_renewed(kode, lost):
        return
    name, namespace = str(kode["metadata"]["name"]), str(kode["metadata"]["namespace"])
    raise RefNotFound(
        Reason.CLAIM_DELETED,
        f"claim {names.home_claim(name)} is gone, and the files with it; no new one is made "
        f"unasked. To begin anew with an empty home: {begin_anew(name)}, or kubectl annotate "
        f"--namespace {namespace} kode/{name} --overwrite {labels.NEW_HOME}={lost}. To go on with "
        "the files of another claim: name it in spec.storage.existingVolumeClaim",
    )


def begin_anew(name: str) -> str:
    """Return the command that gives a Kode a new, empty home."""
    return f"kode start {name} --new-home"


def gone(kode: Object) -> str:
    """Return the uid of the claim that was last seen to be the home; empty for none."""
    return str((kode.get("status") or {}).get("homeClaim") or "")


def _is_renewed(kode: Object, lost: str) -> bool:
    annotations = kode["metadata"].get("annotations") or {}
    return bool(annotations.get(labels.NEW_HOME) == lost)
