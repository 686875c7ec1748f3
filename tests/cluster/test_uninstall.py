"""Uninstalling while Kodes run: nothing hangs, nothing stays but the files; then it comes back.

Rule: it runs last (tests/cluster/session.py), because it ends every Kode of the cluster, and it
leaves a fresh installation for what comes after it.
"""

from collections.abc import Iterator

import pytest

from tests.cluster.api import Api
from tests.cluster.documents import PASSWORD, USER, kode, stand_in
from tests.cluster.installation import NAMESPACE, Operator
from tests.cluster.place import Place, uid_of

_NOTE = "/config/workspace/note"
_FLEETING = ("Secret", "Service", "NetworkPolicy", "Pod")
_CLUSTER_WIDE = ("ClusterRole", "ClusterRoleBinding")
_OF_KODE = {"labelSelector": "app.kubernetes.io/managed-by=kode"}


@pytest.fixture(scope="module", autouse=True)
def _uninstalled(place: Place, elsewhere: Place, operator: Operator) -> Iterator[None]:
    """Run Kodes in two namespaces; take one namespace and the installation away under them."""
    for each in (place, elsewhere):
        each.apply(
            stand_in("plain"),
            kode("kept", "plain"),
            kode("thrown", "plain", storage={"keepVolume": False}),
        )
    place.apply(kode("before", "plain", suspend=True))
    place.wait("Service", "before", lambda _: True)
    for each in (place, elsewhere):
        each.ready("kept", "thrown")
    # The garbage collector learns of a new kind within half a minute; no earlier can it know that
    # what it owned is to go.
    place.delete("Kode", "before")
    place.gone("Service", "before", seconds=90)
    place.delete("PersistentVolumeClaim", "before-home")
    place.gone("PersistentVolumeClaim", "before-home")
    place.exec("kept", "sh", "-c", f"echo mine > {_NOTE}")
    place.api.delete("Namespace", elsewhere.namespace)
    try:
        # It fails where something does not go in time.
        operator.uninstall()
        yield
    finally:
        operator.install()


def test_nothing_of_the_installation_is_left(api: Api) -> None:
    assert api.get("Namespace", NAMESPACE) is None
    for kind in (*_CLUSTER_WIDE, "CustomResourceDefinition"):
        names = [item["metadata"]["name"] for item in api.list(kind)]
        assert [name for name in names if "kode" in name] == [], kind


def test_a_namespace_that_goes_at_the_same_time_goes(elsewhere: Place) -> None:
    api = elsewhere.api
    api.wait("Namespace", elsewhere.namespace, "", lambda seen: seen is None, seconds=120)


def test_the_pods_end_and_the_children_go(place: Place) -> None:
    for name in ("kept", "thrown"):
        place.gone("Pod", name)
    for kind in _FLEETING:
        for name in ("kept", "thrown"):
            for child in (name, f"{name}-auth", f"{name}-envoy"):
                place.gone(kind, child)
        assert place.api.list(kind, place.namespace, **_OF_KODE) == []


def test_files_stay_unless_they_were_not_to_be_kept(place: Place) -> None:
    place.gone("PersistentVolumeClaim", "thrown-home")
    listed = place.api.list("PersistentVolumeClaim", place.namespace, **_OF_KODE)
    assert [item["metadata"]["name"] for item in listed] == ["kept-home"]
    metadata = listed[0]["metadata"]
    assert "deletionTimestamp" not in metadata
    assert metadata["annotations"]["kode.jacero.io/kode-name"] == "kept"


def test_after_a_new_installation_the_files_are_listed_and_had_by_name(
    place: Place, operator: Operator
) -> None:
    claim = uid_of(place.get("PersistentVolumeClaim", "kept-home"))
    operator.install()
    place.wait(
        "PersistentVolumeClaim",
        "kept-home",
        lambda seen: seen["metadata"]["labels"].get("kode.jacero.io/retained") == "true",
    )
    place.apply(
        stand_in("plain"), kode("again", "plain", storage={"existingVolumeClaim": "kept-home"})
    )
    place.ready("again")
    assert place.exec("again", "cat", _NOTE) == "mine\n"
    assert uid_of(place.get("PersistentVolumeClaim", "kept-home")) == claim
    with place.door("again") as door:
        assert door.status("/") == 401
        assert door.status("/", login=(USER, PASSWORD)) == 200
