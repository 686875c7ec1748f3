"""kode.controllers.children."""

from typing import Any

import pytest

from kode import labels
from kode.api.conditions import Reason
from kode.controllers.children import Children, key_of
from kode.controllers.decision import Apply, Delete, Expand, Patch
from kode.controllers.inputs import ChildKey
from kode.errors import Conflict

Object = dict[str, Any]
CLAIM, SERVICE = ("PersistentVolumeClaim", "dev-home"), ("Service", "dev")


def live(kind: str, name: str, *, owner: str = "", of: str = "", **metadata: Any) -> Object:
    found: Object = {"kind": kind, "metadata": {"name": name, "uid": f"uid-of-{name}", **metadata}}
    if owner:
        found["metadata"]["ownerReferences"] = [{"uid": owner, "name": "dev"}]
    if of:
        found["metadata"]["labels"] = {labels.KODE_UID: of}
    return found


def children(*found: Object) -> Children:
    return Children({key_of(item): item for item in found}, "me")


@pytest.mark.parametrize(
    "found",
    [
        live(*SERVICE, owner="me"),
        live(*CLAIM, owner="me"),
        live(*CLAIM, of="me"),
    ],
)
def test_own_object_may_be_written(found: Object) -> None:
    children(found).check_owner(found)
    assert children(found).owned(key_of(found)) == found


@pytest.mark.parametrize(
    ("found", "reason", "message"),
    [
        (live(*SERVICE), Reason.NOT_OWNED, "Service dev exists and is not this Kode's: delete it"),
        (live(*SERVICE, owner="other"), Reason.NOT_OWNED, "Service dev exists"),
        (live(*SERVICE, of="me"), Reason.NOT_OWNED, "Service dev exists"),
        (live(*CLAIM), Reason.NOT_OWNED, "PersistentVolumeClaim dev-home exists"),
        (live(*CLAIM, of="other"), Reason.CLAIM_RETAINED, "claim dev-home holds the files of an e"),
    ],
)
def test_object_in_the_way_is_refused(found: Object, reason: Reason, message: str) -> None:
    with pytest.raises(Conflict, match=message) as caught:
        children(found).check_owner(found)
    assert caught.value.reason is reason
    assert children(found).owned(key_of(found)) is None


def test_nothing_is_in_the_way_of_a_new_object() -> None:
    children().check_owner(live(*SERVICE))
    assert children().owned(ChildKey(*SERVICE)) is None


def test_object_is_made_put_right_or_left() -> None:
    desired = {**live(*SERVICE, owner="me"), "spec": {"type": "ClusterIP"}}
    drifted = {**desired, "spec": {"type": "NodePort"}}
    assert children().reconcile_child(desired) == [Apply(desired, None)]
    assert children(desired).reconcile_child(desired) == []
    assert children(drifted).reconcile_child(desired) == [Apply(desired, drifted)]


def test_object_that_is_being_deleted_is_waited_for() -> None:
    found = live(*SERVICE, owner="me", deletionTimestamp="now")
    assert children(found).reconcile_child({**found, "spec": {"a": 1}}) == []
    assert children(found).prune([]) == []


def test_owner_too_many_is_drift_of_a_claim_that_is_kept() -> None:
    desired = live(*CLAIM, of="me")
    owned = live(*CLAIM, of="me", owner="me")
    assert children(owned).reconcile_child(desired) == [Apply(desired, owned)]
    assert children(live(*CLAIM, of="me", owner="other")).reconcile_child(desired) == []


def test_ignored_wishes_about_a_claim_are_noted() -> None:
    desired = {**live(*CLAIM, of="me"), "spec": {"accessModes": ["ReadWriteMany"]}}
    found = children({**desired, "spec": {"accessModes": ["ReadWriteOnce"]}})
    assert found.reconcile_child(desired) == []
    assert found.ignored == ["spec.accessModes"]


def _sized(size: str, **labels_: str) -> Object:
    found = live(*CLAIM, of="me")
    found["metadata"]["labels"].update(labels_)
    requests = {"requests": {"storage": size}}
    return {**found, "spec": {"resources": requests}, "status": {"phase": "Bound"}}


def test_growth_of_a_claim_is_a_write_of_its_own() -> None:
    small, large = _sized("1Gi"), _sized("2Gi")
    assert children(small).reconcile_child(large) == [Expand(large, small)]
    assert children(small).reconcile_child(_sized("2Gi", a="b")) == [
        Apply(_sized("1Gi", a="b"), small),
        Expand(_sized("2Gi", a="b"), small),
    ]
    assert children(large).reconcile_child(large) == []


def test_own_object_that_is_not_desired_is_surplus_but_no_claim() -> None:
    found = children(
        live("Secret", "dev-auth", owner="me"),
        live("Secret", "dev-envoy", owner="me"),
        live("Secret", "login"),
        live(*CLAIM, owner="me"),
    )
    wanted = [live("Secret", "dev-envoy")]
    assert found.prune(wanted) == [Delete(ChildKey("Secret", "dev-auth"), "uid-of-dev-auth")]


@pytest.mark.parametrize(
    ("found", "marked"),
    [
        (live(*CLAIM, of="other"), True),
        (live(*CLAIM, of="me"), False),
        (live(*CLAIM), False),
        (live(*CLAIM, of="other", owner="other"), False),
        (live(*CLAIM, of="other", deletionTimestamp="now"), False),
        (live("Service", "dev", of="other"), False),
    ],
)
def test_claim_of_an_earlier_kode_is_marked(found: Object, *, marked: bool) -> None:
    patch = Patch(
        key_of(found), "uid-of-dev-home", None, {"metadata": {"labels": {labels.RETAINED: "true"}}}
    )
    assert children(found).mark_retained() == ([patch] if marked else [])


def test_marked_claim_is_not_marked_again() -> None:
    found = live(*CLAIM, of="other")
    found["metadata"]["labels"][labels.RETAINED] = "true"
    assert children(found).mark_retained() == []
