"""What is taken back from Kodes that cannot be read, and what is moved out of them."""

from typing import Any

import pytest

from kode.controllers.decide import decide
from kode.controllers.decision import Apply, Delete, Patch
from kode.controllers.inputs import ChildKey, Inputs, KodeKey
from tests.documents import UID, kode_document, template_document

pytestmark = pytest.mark.attack

BROKEN: dict[str, Any] = {"parameters": {"p": {}}}


def inputs(kode: Any, **more: Any) -> Inputs:
    return Inputs(key=KodeKey("team", "dev"), kode=kode, now="now", **more)


def secret(*, uid: str = UID, **metadata: Any) -> dict[ChildKey, Any]:
    owner = {"kind": "Kode", "name": "dev", "uid": uid}
    found = {
        "kind": "Secret",
        "metadata": {"name": "dev-auth", "uid": "s", "ownerReferences": [owner], **metadata},
    }
    return {ChildKey("Secret", "dev-auth"): found}


def test_password_moves_out_of_a_kode_that_cannot_be_read() -> None:
    make, strip = decide(inputs(kode_document(password="p", **BROKEN))).writes
    assert isinstance(make, Apply)
    assert make.manifest["data"] == {"username": "YWJj", "password": "cA=="}
    assert isinstance(strip, Patch)
    assert strip.body == {"spec": {"password": None}}


@pytest.mark.parametrize(
    ("spec", "children"),
    [
        ({"password": 5}, {}),
        ({"password": "p", "user": "a:b"}, {}),
        ({"password": "p"}, secret(uid="another")),
        ({"password": "p"}, secret(deletionTimestamp="now")),
    ],
)
def test_password_that_cannot_be_kept_elsewhere_stays(
    spec: dict[str, Any], children: dict[ChildKey, Any]
) -> None:
    assert decide(inputs(kode_document(**spec, **BROKEN), children=children)).writes == ()


def test_copy_of_a_password_in_an_annotation_goes_by_itself() -> None:
    kode = kode_document(**BROKEN)
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    kode["metadata"]["annotations"] = {applied: '{"spec":{"password":"p"}}'}
    (strip,) = decide(inputs(kode)).writes
    assert isinstance(strip, Patch)
    assert strip.body == {"metadata": {"annotations": {applied: '{"spec":{}}\n'}}}


@pytest.mark.parametrize("spec", [None, 1, [], {}])
def test_kode_without_a_spec_is_told_and_touches_nothing(spec: Any) -> None:
    decision = decide(inputs({**kode_document(), "spec": spec}, template=template_document()))
    assert decision.writes == ()
    assert decision.status is not None
    assert decision.status["phase"] == "Failed"


def pod(uid: str = UID, **metadata: Any) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {
            "name": "dev",
            "uid": "w",
            "ownerReferences": [{"uid": uid}],
            "annotations": {"kode.jacero.io/grants": "nodeSelector"},
            **metadata,
        },
        "spec": {},
    }


def stateful_set(uid: str = UID) -> dict[ChildKey, Any]:
    live = {
        "kind": "StatefulSet",
        "metadata": {"name": "dev", "uid": "s", "ownerReferences": [{"uid": uid}]},
        "spec": {"replicas": 1, "template": {"spec": {"nodeSelector": {"disk": "fast"}}}},
    }
    return {ChildKey("StatefulSet", "dev"): live}


def test_kode_that_names_no_template_keeps_no_grant() -> None:
    kode = {**kode_document(), "spec": {}}
    assert decide(inputs(kode, pod=pod())).writes == (Delete(ChildKey("Pod", "dev"), "w"),)
    granted = frozenset({"team"})
    assert decide(inputs(kode, pod=pod(), granting=granted)).writes == ()


def test_kode_that_names_no_template_keeps_no_grant_of_an_earlier_version() -> None:
    kode = {**kode_document(), "spec": {}}
    stop = Delete(ChildKey("StatefulSet", "dev"), "s", foreground=True)
    assert decide(inputs(kode, children=stateful_set())).writes == (stop,)


def test_what_is_being_deleted_is_not_deleted_again() -> None:
    kode = {**kode_document(), "spec": {}}
    assert decide(inputs(kode, pod=pod(deletionTimestamp="now"))).writes == ()


def test_workload_of_somebody_else_is_not_stopped() -> None:
    kode = {**kode_document(), "spec": {}}
    theirs = inputs(kode, pod=pod("another"), children=stateful_set("another"))
    assert decide(theirs).writes == ()


def test_nothing_is_made_in_a_namespace_that_is_being_deleted() -> None:
    decision = decide(inputs(kode_document(), template=template_document(), terminating=True))
    assert (decision.writes, decision.status) == ((), None)
