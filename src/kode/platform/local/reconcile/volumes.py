"""The claim of a Kode's home on one machine: the cluster's semantics, on a folder.

Rule: files outlive the Kode unless it says otherwise, and are never handed to another one that only
has its name.
"""

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.meta import Object
from kode.desired import homes
from kode.errors import Conflict, RefNotFound
from kode.platform.local.reconcile.gather import LocalInputs
from kode.platform.local.store.objects import is_owned
from kode.render import storage
from kode.render.resolve import ResolvedKode

_BOUND = {"phase": "Bound"}


def check_claim(inputs: LocalInputs, kode: ResolvedKode) -> None:
    """Refuse a claim that is absent, going, or an earlier Kode's.

    Raises:
        RefNotFound: existingVolumeClaim names no claim, or the one that was the home is gone.
        Conflict: the files in its place are those of an earlier Kode of this name.
    """
    name, live = storage.claim_name(kode), inputs.claim
    if kode.storage.existing_volume_claim:
        if live is None or "deletionTimestamp" in live["metadata"]:
            text = f"there is no claim {name} in {kode.namespace}"
            raise RefNotFound(Reason.CLAIM_NOT_FOUND, text)
        return
    homes.check(inputs.kode, live)
    if live is None or _is_ours(live, kode.uid):
        return
    going = "deletionTimestamp" in live["metadata"]
    raise Conflict(
        Reason.CLAIM_RETAINED,
        f"the files of an earlier Kode of this name are being deleted (claim {name})"
        if going
        else f"claim {name} holds the files of an earlier Kode of this name: to use them set "
        f"spec.storage.existingVolumeClaim to {name}, or delete the claim",
    )


def desired_claim(inputs: LocalInputs, kode: ResolvedKode) -> Object | None:
    """Return the claim to write; None where it stands as it should, or is not the Kode's."""
    manifest = storage.home(kode)
    if manifest is None:
        return None
    if inputs.claim is None:
        return {**manifest, "status": _BOUND}
    owned = is_owned(inputs.claim, kode.uid)
    if owned == ("ownerReferences" in manifest["metadata"]):
        return None
    metadata = {k: v for k, v in inputs.claim["metadata"].items() if k != "ownerReferences"}
    owners = manifest["metadata"].get("ownerReferences")
    return {
        **inputs.claim,
        "metadata": {**metadata, **({"ownerReferences": owners} if owners else {})},
    }


def is_lost(inputs: LocalInputs, kode: ResolvedKode) -> bool:
    """Tell whether a claim, where its folder is not there, has had one before.

    That of an existing claim is made by nobody; the Kode's own is made once.
    """
    if kode.storage.existing_volume_claim:
        return True
    home = home_claim(inputs, kode.uid)
    return bool(home) and home == homes.gone(inputs.kode)


def home_claim(inputs: LocalInputs, uid: str) -> str:
    """Return the uid of the claim that was made for the Kode's home; empty where there is none."""
    if inputs.claim is None or not _is_ours(inputs.claim, uid):
        return ""
    return str(inputs.claim["metadata"]["uid"])


def _is_ours(claim: Object, uid: str) -> bool:
    marks = claim["metadata"].get("labels") or {}
    return marks.get(labels.KODE_UID) == names.label_value(uid)
