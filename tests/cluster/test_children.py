"""What a Kode is made of: put right when somebody else touches it, and never taken over.

Rule: for each kind of child, by what stands in the cluster afterwards.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import pytest

from kode import labels
from kode.render.secret import first_user
from tests.cluster.api import Object
from tests.cluster.documents import PASSWORD, USER, kode, secret, stand_in
from tests.cluster.place import Place, condition, uid_of

_REVISION = re.compile(r'(?<=revision-)[0-9a-f]{16}|(?<="revision":")[0-9a-f]{16}')
_EDITS: dict[str, tuple[str, dict[str, Any]]] = {
    "Secret-auth": ("child-auth", {"data": {"username": "bWFsbG9yeQ=="}}),
    "Secret-envoy": ("child-envoy", {"data": {"htpasswd": "bWFsbG9yeTp7U0hBfXg9Cg=="}}),
    # It would stand before the annotation of the pod.
    "Secret-envoy-more": ("child-envoy", {"data": {"listeners.json": "e30="}}),
    "Service": ("child", {"spec": {"ports": [{"port": 80, "targetPort": 8443}]}}),
    "NetworkPolicy": ("child", {"spec": {"ingress": [{}]}}),
    "Pod": ("child", {"metadata": {"labels": {"kode.jacero.io/kode": "another"}}}),
    "Pod-files": ("child", {"metadata": {"annotations": {"kode.jacero.io/envoy-listeners": "{}"}}}),
}
"""An edit by hand of each child that would open a door or stop somebody's work."""

_CHILDREN = {
    ("Secret", "child-auth"),
    ("PersistentVolumeClaim", "child-home"),
    ("NetworkPolicy", "child"),
    ("Secret", "child-envoy"),
    ("Service", "child"),
    ("Pod", "child"),
}

_STRANGERS: dict[str, Object] = {
    "auth": {"kind": "Secret", "stringData": {"password": "of-somebody-else"}},
    "envoy": {"kind": "Secret", "stringData": {"envoy.json": "{}"}},
    "service": {"kind": "Service", "spec": {"ports": [{"port": 1}], "selector": {"a": "b"}}},
    "policy": {"kind": "NetworkPolicy", "spec": {"podSelector": {"matchLabels": {"a": "b"}}}},
    "pod": {"kind": "Pod", "spec": {"containers": [{"name": "c", "image": "none"}]}},
    "claim": {
        "kind": "PersistentVolumeClaim",
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Mi"}},
        },
    },
}
"""An object of somebody's own in the place of each child."""

_NAMES = {
    "auth": "in-auth-auth",
    "envoy": "in-envoy-envoy",
    "claim": "in-claim-home",
}
_VERSIONS = {"NetworkPolicy": "networking.k8s.io/v1"}


@pytest.fixture(scope="module")
def strangers(place: Place) -> Mapping[str, Object]:
    """The objects that stand in the way, as they were made."""
    return {
        case: place.create(_complete(stranger, _NAMES.get(case, f"in-{case}")))
        for case, stranger in _STRANGERS.items()
    }


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place, strangers: Mapping[str, Object]) -> None:
    place.apply(
        stand_in("plain"),
        secret("own", password="of-my-own"),
        kode("child", "plain"),
        kode("idle", "plain", suspend=True),
        *(kode(f"in-{case}", "plain") for case in strangers),
    )
    place.ready("child")
    place.told("idle", "Suspended")


def _complete(stranger: Mapping[str, Any], name: str) -> Object:
    version = _VERSIONS.get(stranger["kind"], "v1")
    return {"apiVersion": version, **stranger, "metadata": {"name": name}}


def test_the_children_are_those_of_the_design_and_owned(place: Place) -> None:
    found = place.children("child")
    owner = uid_of(place.get("Kode", "child"))
    assert set(found) == _CHILDREN
    for (kind, name), item in found.items():
        owners = [ref["uid"] for ref in item["metadata"].get("ownerReferences", [])]
        assert owners == ([] if kind == "PersistentVolumeClaim" else [owner]), name
        assert item["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "kode"
        assert "finalizers" not in item["metadata"] or kind == "PersistentVolumeClaim"


def test_no_annotation_or_finalizer_of_a_framework_is_on_the_kode(place: Place) -> None:
    metadata = place.get("Kode", "child")["metadata"]
    assert "finalizers" not in metadata
    assert set(metadata.get("annotations", {})) <= {
        "kubectl.kubernetes.io/last-applied-configuration"
    }


@pytest.mark.parametrize("case", _EDITS)
def test_an_edit_by_hand_is_put_right(place: Place, case: str) -> None:
    kind = case.split("-", maxsplit=1)[0]
    name, body = _EDITS[case]
    before = place.get(kind, name)
    edited = place.edit(kind, name, body)
    assert _with_files(edited) != _with_files(before)
    after = place.wait(kind, name, lambda seen: _with_files(seen) == _with_files(before))
    assert uid_of(after) == uid_of(before)


@pytest.mark.parametrize("case", ["Secret-envoy", "Service", "NetworkPolicy", "Pod"])
def test_a_deleted_child_comes_back(place: Place, case: str) -> None:
    kind, name = case.split("-", maxsplit=1)[0], _EDITS[case][0]
    before = place.get(kind, name)
    place.delete(kind, name)
    after = place.wait(kind, name, lambda seen: uid_of(seen) != uid_of(before))
    assert _desired(after) == _desired(before)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Service", "child"),
        ("NetworkPolicy", "child"),
        ("Pod", "child"),
    ],
)
def test_labels_taken_off_are_put_back(place: Place, kind: str, name: str) -> None:
    before = place.get(kind, name)
    labels = before["metadata"]["labels"]
    place.edit(kind, name, {"metadata": {"labels": dict.fromkeys(labels)}})
    place.wait(kind, name, lambda seen: seen["metadata"].get("labels") == labels)


def test_a_deleted_claim_is_told_and_comes_back_when_asked_for(place: Place) -> None:
    before = place.get("PersistentVolumeClaim", "idle-home")
    place.delete("PersistentVolumeClaim", "idle-home")
    told = place.told("idle", "ClaimDeleted")
    assert condition(told, "Suspended")["status"] == "True"
    assert uid_of(before) in condition(told, "Ready")["message"]
    assert "files are kept" not in str(told["status"])
    place.warned("idle", "ClaimDeleted")
    assert place.absent("PersistentVolumeClaim", "idle-home")
    mark = {"kode.jacero.io/new-home": uid_of(before)}
    place.edit("Kode", "idle", {"metadata": {"annotations": mark}})
    after = place.wait("PersistentVolumeClaim", "idle-home", lambda seen: bool(uid_of(seen)))
    assert _desired(after)["spec"]["resources"] == _desired(before)["spec"]["resources"]


def test_a_lost_password_is_told_and_can_be_set_again(place: Place) -> None:
    place.settled("child")
    before = place.uid("child")
    place.delete("Secret", "child-auth")
    told = place.told("child", "SecretNotFound", status="True")
    assert "spec.password" in condition(told, "Ready")["message"]
    assert place.uid("child") == before
    place.edit("Kode", "child", {"spec": {"password": PASSWORD}})
    place.wait("Secret", "child-auth", lambda seen: uid_of(seen) != "")
    place.settled("child")
    assert place.uid("child") == before, "it is the same password"


def _desired(item: Object) -> Object:
    """What of an object the operator decides: all but what Kubernetes fills in."""
    spec = dict(item.get("spec", {}))
    for filled in ("clusterIP", "clusterIPs", "nodeName"):
        spec.pop(filled, None)
    kept: dict[str, Any] = {"data": item.get("data")}
    if "session" in (kept["data"] or {}):
        # What remembers a login is random, and so is another one in a Secret that was made anew.
        person = first_user(b64decode(kept["data"]["htpasswd"]).decode())
        files = {
            key: _REVISION.sub("REVISION", b64decode(kept["data"][key]).decode())
            for key in ("clusters.json", "listeners.json")
        }
        kept["data"] = {**kept["data"], **files, "session": "", "htpasswd": person}
    return {"spec": spec, "labels": item["metadata"].get("labels"), **kept}


def _with_files(item: Object) -> Object:
    files = (item["metadata"].get("annotations") or {}).get(labels.ENVOY_LISTENERS)
    return {**_desired(item), "files": files}


def test_the_editor_works_after_all_that(place: Place) -> None:
    place.settled("child")
    with place.door("child") as door:
        assert door.status("/", login=(USER, PASSWORD)) == 200
    assert set(place.children("child")) <= _CHILDREN


def test_what_is_no_longer_desired_is_removed(place: Place) -> None:
    place.get("Secret", "idle-auth")
    place.edit("Kode", "idle", {"spec": {"existingSecret": "own"}})
    place.gone("Secret", "idle-auth")
    place.told("idle", "Suspended")
    place.get("Secret", "idle-envoy")
    place.get("Secret", "own")


@pytest.mark.parametrize("case", _STRANGERS)
def test_a_stranger_in_the_place_of_a_child_is_left_alone(
    place: Place, strangers: Mapping[str, Object], case: str
) -> None:
    kind, name = _STRANGERS[case]["kind"], _NAMES.get(case, f"in-{case}")
    told = place.told(f"in-{case}", "NotOwned", status="False")
    assert name in condition(told, "Ready")["message"]
    found = place.get(kind, name)
    assert uid_of(found) == uid_of(strangers[case])
    assert _desired(found) == _desired(strangers[case])
    managers = found["metadata"].get("managedFields", [])
    assert "kode" not in {entry["manager"] for entry in managers}
    assert "ownerReferences" not in found["metadata"]
    assert kind == "Pod" or place.absent("Pod", f"in-{case}")


def test_a_stranger_survives_the_kode(place: Place, strangers: Mapping[str, Object]) -> None:
    for case in strangers:
        place.told(f"in-{case}", "NotOwned")
        place.delete("Kode", f"in-{case}")
    for case, stranger in strangers.items():
        place.gone("Kode", f"in-{case}")
        for kind, name in place.children(f"in-{case}"):
            if kind != "PersistentVolumeClaim":
                place.gone(kind, name)
        found = place.get(stranger["kind"], stranger["metadata"]["name"])
        assert uid_of(found) == uid_of(stranger)
