"""The cache of children, pods and claims."""

import pytest

from kode import labels, names
from kode.controllers.cache.store import Store, owner_of
from kode.controllers.inputs import ChildKey, KodeKey
from kode.kube.resources import CLAIM, POD, SECRET, STATEFUL_SET, version_of
from kode.platform.resources import BY_KIND
from tests.unit.controllers.objects import KEY, Object, child, foreign, pod

SERVICE = BY_KIND["Service"]


def test_a_new_object_is_news_to_its_kode() -> None:
    store = Store()
    assert store.put(SECRET, child("Secret", "dev-auth")) == (KEY,)
    assert store.find(SECRET, "team", "dev-auth") is not None
    assert len(store) == 1
    assert list(store.keys()) == [KEY]


@pytest.mark.parametrize("version", [4, 5])
def test_what_is_not_newer_is_no_news(version: int) -> None:
    store = Store()
    store.put(SECRET, child("Secret", "dev-auth", version=5, data={"a": "b"}))
    assert store.put(SECRET, child("Secret", "dev-auth", version=version, data={})) is None
    found = store.find(SECRET, "team", "dev-auth")
    assert found is not None
    assert found["data"] == {"a": "b"}


def test_a_change_of_nothing_that_is_read_is_no_news_but_moves_the_version() -> None:
    store = Store()
    store.put(SERVICE, child("Service", "dev", version=1, status={"loadBalancer": {}}))
    assert store.put(SERVICE, child("Service", "dev", version=2, status={})) is None
    found = store.find(SERVICE, "team", "dev")
    assert found is not None
    assert found["metadata"]["resourceVersion"] == "2"
    assert "status" not in found
    assert "managedFields" not in found["metadata"]


def test_the_objects_of_a_kode_are_found_by_kind_and_name() -> None:
    store = Store()
    store.put(SECRET, child("Secret", "dev-auth"))
    store.put(POD, pod())
    store.put(SECRET, child("Secret", "x-auth", key=KodeKey("team", "x")))
    assert set(store.of(KEY)) == {ChildKey("Secret", "dev-auth"), ChildKey("Pod", "dev")}
    assert store.of(KodeKey("team", "nobody")) == {}


def test_a_changed_label_is_news_to_both_kodes() -> None:
    store = Store()
    store.put(SECRET, child("Secret", "dev-auth"))
    moved = child("Secret", "dev-auth", version=2, key=KodeKey("team", "other"))
    assert store.put(SECRET, moved) == (KEY, KodeKey("team", "other"))
    assert store.of(KEY) == {}


def test_an_object_that_is_gone_is_forgotten_with_its_kode() -> None:
    store = Store()
    store.put(SECRET, child("Secret", "dev-auth", version=5))
    assert store.remove(SECRET, child("Secret", "dev-auth", version=4)) is None
    assert store.remove(SECRET, child("Secret", "dev-auth", version=6)) == (KEY,)
    assert store.remove(SECRET, child("Secret", "dev-auth", version=6)) is None
    assert list(store.keys()) == []
    assert len(store) == 0


def test_a_list_takes_out_what_it_does_not_name_unless_that_is_newer() -> None:
    store = Store()
    for name, version in (("stays", 1), ("gone", 2), ("newer", 9)):
        store.put(SECRET, child("Secret", name, version=version))
    assert store.keep(SECRET, {("team", "stays")}, version=5) == (KEY,)
    assert {key.name for key in store.of(KEY)} == {"stays", "newer"}


def test_an_object_can_be_forgotten_by_name() -> None:
    store = Store()
    store.put(SECRET, child("Secret", "dev-auth"))
    store.forget(SECRET, "team", "dev-auth")
    store.forget(SECRET, "team", "dev-auth")
    assert store.find(SECRET, "team", "dev-auth") is None


def test_of_a_foreign_claim_only_phase_and_labels_are_kept() -> None:
    store = Store()
    found = foreign("PersistentVolumeClaim", "shared", spec={"x": 1}, status={"phase": "Bound"})
    assert store.put(CLAIM, found) == ()
    assert store.find(CLAIM, "team", "shared") == {
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "shared",
            "namespace": "team",
            "uid": "uid-of-PersistentVolumeClaim-shared",
            "resourceVersion": "1",
        },
        "status": {"phase": "Bound"},
    }


def test_what_was_applied_in_vain_is_remembered_until_the_object_changes() -> None:
    store = Store()
    store.mark_applied(SECRET, "team", "dev-auth", "digest")
    store.put(SECRET, child("Secret", "dev-auth"))
    store.mark_applied(SECRET, "team", "dev-auth", "digest")
    assert store.is_applied(SECRET, "team", "dev-auth", "digest")
    assert not store.is_applied(SECRET, "team", "dev-auth", "another")
    store.put(SECRET, child("Secret", "dev-auth", version=2, data={"new": "x"}))
    assert not store.is_applied(SECRET, "team", "dev-auth", "digest")


def _named(name: str, **metadata: object) -> Object:
    carried = {labels.MANAGED_BY: "kode", labels.KODE: names.label_value(name)}
    return {"metadata": {"namespace": "team", "labels": carried, **metadata}}


def test_a_cut_name_is_read_whole_from_the_owner_or_the_annotation() -> None:
    name = "n" * 100
    owner = {"kind": "Kode", "name": name}
    assert owner_of(_named(name, ownerReferences=[owner])) == KodeKey("team", name)
    assert owner_of(_named(name, annotations={labels.KODE_NAME: name})) == KodeKey("team", name)


@pytest.mark.attack
def test_a_name_that_does_not_fit_the_label_is_not_believed() -> None:
    owner = {"kind": "Kode", "name": "another"}
    assert owner_of(_named("dev", ownerReferences=[owner])) == KEY


@pytest.mark.parametrize("carried", [{}, {labels.KODE: "dev"}, {labels.MANAGED_BY: "kode"}])
@pytest.mark.attack
def test_what_lacks_our_labels_belongs_to_nobody(carried: dict[str, str]) -> None:
    assert owner_of({"metadata": {"namespace": "team", "labels": carried}}) is None


@pytest.mark.parametrize(("text", "version"), [("12", 12), ("", 0), ("x", 0)])
def test_versions_are_numbers(text: str, version: int) -> None:
    assert version_of({"metadata": {"resourceVersion": text}}) == version


CUT = ["n" * 64, "n" * 253, "x-h0123456789abcdef", f"{'a.b-' * 20}c"]
"""Names of which a label holds a part, or a digest, alone."""


def _workload(name: str) -> Object:
    return child("StatefulSet", names.workload(name), key=KodeKey("team", name))


def _former(name: str, *, version: int = 1, ready: bool = False) -> Object:
    """Return the pod of a StatefulSet, as 0.1.0 made it."""
    found = pod(KodeKey("team", name), version=version, ready=ready)
    workload = names.workload(name)
    owner = {"kind": "StatefulSet", "name": workload, "uid": f"uid-of-StatefulSet-{workload}"}
    found["metadata"].update(name=f"{workload}-0", ownerReferences=[owner])
    return found


@pytest.mark.parametrize("name", [*CUT, "n" * 63, "dev", "a.b"])
def test_a_pod_belongs_to_its_kode_whatever_its_name(name: str) -> None:
    store, key = Store(), KodeKey("team", name)
    assert store.put(POD, pod(key)) == (key,)
    assert set(store.of(key)) == {ChildKey("Pod", names.pod(name))}
    assert store.remove(POD, pod(key, version=2)) == (key,)


@pytest.mark.parametrize("name", [*CUT, "n" * 63, "dev", "a.b"])
@pytest.mark.parametrize("pod_first", [True, False])
def test_a_pod_belongs_to_the_kode_of_its_statefulset_whatever_its_name(
    name: str, *, pod_first: bool
) -> None:
    store, key = Store(), KodeKey("team", name)
    both = [(STATEFUL_SET, _workload(name)), (POD, _former(name))]
    news = [store.put(kind, found) for kind, found in (reversed(both) if pod_first else both)]
    assert key in (news[-1] or ())
    assert set(store.of(key)) == {
        ChildKey("Pod", f"{names.workload(name)}-0"),
        ChildKey("StatefulSet", names.workload(name)),
    }
    assert list(store.keys()) == [key]
    assert store.put(POD, _former(name, version=2, ready=True)) == (key,)
    assert store.remove(STATEFUL_SET, _workload(name)) == (key,)
    assert store.put(POD, _former(name, version=3)) == (key,)
    assert store.remove(POD, _former(name, version=4)) == (key,)


def test_a_pod_of_another_label_than_its_statefulsets_kode_is_not_that_ones() -> None:
    store = Store()
    store.put(STATEFUL_SET, _workload("n" * 64))
    stray = _former("n" * 64)
    stray["metadata"]["labels"] = labels.child("dev", "workspace")
    assert store.put(POD, stray) == (KEY,)
