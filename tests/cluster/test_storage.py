"""The home volume when its Kode goes: kept unless asked, and never handed over by itself."""

import pytest

from tests.cluster.api import Object
from tests.cluster.documents import kode, stand_in
from tests.cluster.installation import Operator
from tests.cluster.place import Place, condition, kubectl, uid_of

_RETAINED = "kode.jacero.io/retained"
_NOTE = "/config/workspace/note"


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    place.apply(
        stand_in("plain"),
        kode("kept", "plain"),
        kode("thrown", "plain", storage={"keepVolume": False}),
        kode("changed", "plain", storage={"keepVolume": True}),
        kode("orphan", "plain"),
    )
    place.ready("kept", "thrown", "changed", "orphan")


def _retained(seen: Object) -> bool:
    return bool(seen["metadata"].get("labels", {}).get(_RETAINED) == "true")


def test_a_kept_claim_is_marked_refused_to_a_namesake_and_had_by_name(place: Place) -> None:
    place.exec("kept", "sh", "-c", f"echo mine > {_NOTE}")
    claim = uid_of(place.get("PersistentVolumeClaim", "kept-home"))
    place.delete("Kode", "kept")
    place.gone("Kode", "kept")
    for kind, name in (("Pod", "kept"), ("Service", "kept"), ("Secret", "kept-auth")):
        place.gone(kind, name)
    place.wait("PersistentVolumeClaim", "kept-home", _retained)

    place.apply(kode("kept", "plain"))
    told = place.message("kept", "ClaimRetained")
    assert "existingVolumeClaim" in told
    assert place.absent("Pod", "kept")
    assert _retained(place.get("PersistentVolumeClaim", "kept-home"))

    place.edit("Kode", "kept", {"spec": {"storage": None}})
    place.edit("Kode", "kept", {"spec": {"storage": {"existingVolumeClaim": "kept-home"}}})
    place.ready("kept")
    assert place.exec("kept", "cat", _NOTE) == "mine\n"
    found = place.get("PersistentVolumeClaim", "kept-home")
    assert uid_of(found) == claim
    assert "ownerReferences" not in found["metadata"]


def test_a_claim_that_is_lent_outlives_the_borrower(place: Place) -> None:
    place.delete("Kode", "kept")
    place.gone("Pod", "kept")
    found = place.get("PersistentVolumeClaim", "kept-home")
    assert "deletionTimestamp" not in found["metadata"]


def test_a_claim_that_is_not_kept_goes_with_its_kode(place: Place) -> None:
    place.get("PersistentVolumeClaim", "thrown-home")
    place.delete("Kode", "thrown")
    place.gone("Kode", "thrown")
    place.gone("PersistentVolumeClaim", "thrown-home")


def test_whether_a_claim_is_kept_may_be_changed(place: Place) -> None:
    before = place.uid("changed")
    owners = "ownerReferences"
    for keep in (False, True, False):
        place.edit("Kode", "changed", {"spec": {"storage": {"keepVolume": keep}}})
        place.wait(
            "PersistentVolumeClaim",
            "changed-home",
            lambda seen, keep=keep: bool(seen["metadata"].get(owners)) is not keep,  # type: ignore[misc]
        )
    assert place.uid("changed") == before, "who keeps the files is nothing to stop work for"
    place.delete("Kode", "changed")
    place.gone("PersistentVolumeClaim", "changed-home")


def test_what_cannot_be_changed_of_a_claim_is_told(place: Place) -> None:
    place.ready("orphan")
    before = uid_of(place.get("PersistentVolumeClaim", "orphan-home"))
    place.edit("Kode", "orphan", {"spec": {"storage": {"accessModes": ["ReadWriteMany"]}}})
    told = place.told("orphan", "ChangeIgnored", of="StorageReady")
    assert "accessModes" in condition(told, "StorageReady")["message"]
    assert uid_of(place.get("PersistentVolumeClaim", "orphan-home")) == before
    place.edit("Kode", "orphan", {"spec": {"storage": {"accessModes": ["ReadWriteOnce"]}}})
    place.told("orphan", "Bound", of="StorageReady")


def test_a_volume_that_cannot_grow_is_told_and_the_rest_is_taken(place: Place) -> None:
    # The class of the development cluster, like many, does not allow expansion.
    place.ready("orphan")
    before = place.uid("orphan")
    larger = {"resources": {"requests": {"storage": "3Gi"}}}
    variables = [{"name": "COLOUR", "value": "green"}]
    place.edit("Kode", "orphan", {"spec": {"storage": larger, "env": variables}})
    place.replaced("orphan", before)
    assert place.exec("orphan", "printenv", "COLOUR") == "green\n"
    found = place.ready("orphan")
    told = condition(place.told("orphan", "ChangeIgnored", of="StorageReady"), "StorageReady")
    assert told["status"] == "True"
    assert "resize" in told["message"]
    assert condition(found, "Ready")["reason"] == "Running"

    smaller = {"resources": {"requests": {"storage": "1Gi"}}}
    place.edit("Kode", "orphan", {"spec": {"storage": smaller}})
    place.told("orphan", "Bound", of="StorageReady")


def test_a_claim_that_is_deleted_is_told_while_its_files_can_be_copied(place: Place) -> None:
    place.ready("orphan")
    place.exec("orphan", "sh", "-c", f"echo mine > {_NOTE}")
    before = place.get("PersistentVolumeClaim", "orphan-home")
    kubectl("delete", "-n", place.namespace, "pvc", "orphan-home", "--wait=false")
    told = place.told("orphan", "ClaimTerminating", status="True")
    assert condition(told, "StorageReady")["status"] == "False"
    place.warned("orphan", "ClaimTerminating")
    assert place.exec("orphan", "cat", _NOTE) == "mine\n"

    place.delete("Pod", "orphan")
    place.gone("PersistentVolumeClaim", "orphan-home")
    place.told("orphan", "ClaimDeleted", status="False")
    assert place.absent("PersistentVolumeClaim", "orphan-home")
    mark = {"kode.jacero.io/new-home": uid_of(before)}
    place.edit("Kode", "orphan", {"metadata": {"annotations": mark}})
    place.ready("orphan")
    assert uid_of(place.get("PersistentVolumeClaim", "orphan-home")) != uid_of(before)


def test_deletion_needs_no_operator(place: Place, operator: Operator) -> None:
    operator.scale(0)
    try:
        place.delete("Kode", "orphan")
        place.gone("Kode", "orphan")
        for kind, name in (("Pod", "orphan"), ("Service", "orphan")):
            place.gone(kind, name)
        assert not _retained(place.get("PersistentVolumeClaim", "orphan-home"))
    finally:
        operator.scale(1)
    place.wait("PersistentVolumeClaim", "orphan-home", _retained)
