"""The pod of a Kode on a real cluster: whatever ends it, there is another, and never two.

Rule: a pod is known by its uid; the note in its home tells that the files are the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from kode import labels
from tests.cluster.api import Object
from tests.cluster.documents import TOOLS, kode, stand_in
from tests.cluster.installation import Operator
from tests.cluster.place import START, Place, condition, is_ready, kubectl, uid_of

_NOTE = "/config/workspace/note"
_ENFORCE = "pod-security.kubernetes.io/enforce"

# It writes the time until it is killed, so that who writes after it is seen to come after it.
_WRITER = "trap '' TERM; while :; do date +%s > /home/last; sleep 0.1; done"


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place, elsewhere: Place) -> None:
    names = ("evicted", "forced", "drained", "failing", "former")
    for each in (place, elsewhere):
        each.apply(stand_in("plain"))
    place.apply(*(kode(name, "plain") for name in names))
    place.ready(*names)


def _write(place: Place, name: str) -> str:
    """Leave a note in the home of a Kode; return the uid of its pod."""
    place.exec(name, "sh", "-c", f"echo mine > {_NOTE}")
    return place.uid(name)


def _has_come_back(place: Place, name: str, uid: str) -> None:
    place.replaced(name, uid)
    place.ready(name)
    assert place.exec(name, "cat", _NOTE) == "mine\n"


def test_evicted_pod_comes_back(place: Place) -> None:
    uid = _write(place, "evicted")
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "evicted", "namespace": place.namespace},
    }
    path = f"/api/v1/namespaces/{place.namespace}/pods/evicted/eviction"
    assert place.api.http.post(path, json=eviction).status_code == 201
    _has_come_back(place, "evicted", uid)


def test_pod_that_was_deleted_by_force_comes_back(place: Place) -> None:
    uid = _write(place, "forced")
    kubectl("delete", "pod", "forced", "-n", place.namespace, "--force", "--grace-period=0")
    _has_come_back(place, "forced", uid)


def test_drained_pod_waits_for_a_node_and_comes_back(place: Place) -> None:
    uid = _write(place, "drained")
    node = place.pod("drained")["spec"]["nodeName"]
    only = f"--pod-selector={labels.KODE}=drained,{labels.MANAGED_BY}={labels.PRODUCT}"
    try:
        kubectl("drain", node, only, "--delete-emptydir-data", "--ignore-daemonsets")
        message = place.message("drained", "Unschedulable")
        assert "unschedulable" in message
    finally:
        kubectl("uncordon", node)
    _has_come_back(place, "drained", uid)


def _end(place: Place, name: str) -> None:
    """Have a pod end as a whole, as the kubelet does with one that it evicts."""
    place.edit("Pod", name, {"spec": {"activeDeadlineSeconds": 1}})


def test_pod_that_failed_is_told_and_made_again_later_each_time(place: Place) -> None:
    uid = _write(place, "failing")
    _end(place, "failing")
    _has_come_back(place, "failing", uid)
    warning = place.warned("failing", "PodFailed")
    assert "DeadlineExceeded" in warning["message"]

    uid = place.uid("failing")
    assert place.pod("failing")["metadata"]["annotations"][labels.FAILURES] == "1"
    _end(place, "failing")
    told = place.told("failing", "PodFailed", status="False")
    assert "2 times one after the other" in condition(told, "Ready")["message"]
    assert place.uid("failing") == uid, "it stays until its time"
    _has_come_back(place, "failing", uid)
    assert place.pod("failing")["metadata"]["annotations"][labels.FAILURES] == "2"


def test_operator_that_comes_back_goes_on_counting(place: Place, operator: Operator) -> None:
    place.ready("failing")
    uid = place.uid("failing")
    count = int(place.pod("failing")["metadata"]["annotations"][labels.FAILURES])
    operator.scale(0)
    try:
        _end(place, "failing")
        place.wait("Pod", "failing", lambda pod: pod["status"]["phase"] == "Failed")
    finally:
        operator.scale(1)
    place.replaced("failing", uid)
    found = place.pod("failing")["metadata"]["annotations"][labels.FAILURES]
    assert int(found) == count + 1


@contextmanager
def _quota(place: Place) -> Iterator[None]:
    spec = {"hard": {"pods": "0"}}
    meta = {"name": "small", "namespace": place.namespace}
    manifest = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": spec}
    place.api.create(manifest)
    place.wait("ResourceQuota", "small", lambda seen: "hard" in seen.get("status", {}))
    yield
    place.delete("ResourceQuota", "small")


def test_quota_is_told_in_its_words_and_needs_only_go(elsewhere: Place) -> None:
    with _quota(elsewhere):
        elsewhere.apply(kode("crowded", "plain"))
        told = elsewhere.told("crowded", "QuotaExceeded", status="False")
        message = condition(told, "Ready")["message"]
        assert "exceeded quota: small" in message
        assert "pods=0" in message
        assert elsewhere.warned("crowded", "QuotaExceeded")
        assert elsewhere.absent("Pod", "crowded")
    elsewhere.ready("crowded")


def test_pod_security_is_told_and_needs_only_admit_it(elsewhere: Place) -> None:
    def enforce(level: str | None) -> None:
        body = {"metadata": {"labels": {_ENFORCE: level}}}
        elsewhere.api.merge("Namespace", elsewhere.namespace, "", body)

    enforce("restricted")
    try:
        elsewhere.apply(kode("secured", "plain"))
        message = elsewhere.message("secured", "PodSecurityViolated")
        assert 'violates PodSecurity "restricted:latest"' in message
        assert elsewhere.absent("Pod", "secured")
    finally:
        enforce(None)
    elsewhere.ready("secured")


def test_stateful_set_of_an_earlier_version_is_replaced_once_and_no_file_is_lost(
    place: Place, operator: Operator
) -> None:
    _write(place, "former")
    claim = uid_of(place.get("PersistentVolumeClaim", "former-home"))
    operator.scale(0)
    try:
        place.delete("Pod", "former")
        place.gone("Pod", "former")
        place.create(_stateful_set(place.get("Kode", "former")))
        place.create(_account(place.get("Kode", "former")))
        place.wait("Pod", "former-0", is_ready, START)
    finally:
        operator.scale(1)
    place.gone("StatefulSet", "former", START)
    place.wait("Pod", "former", is_ready, START)
    place.ready("former")
    assert place.absent("Pod", "former-0")
    place.gone("ServiceAccount", "kode-former")
    assert uid_of(place.get("PersistentVolumeClaim", "former-home")) == claim
    assert place.exec("former", "cat", _NOTE) == "mine\n"
    last = int(place.exec("former", "sh", "-c", "cat /config/last"))
    made = datetime.fromisoformat(place.pod("former")["metadata"]["creationTimestamp"])
    assert last <= made.timestamp() + 1, "the one wrote while the other was there"


def _owned(kode: Object, name: str) -> dict[str, Any]:
    owner = {
        "apiVersion": kode["apiVersion"],
        "kind": "Kode",
        "name": kode["metadata"]["name"],
        "uid": uid_of(kode),
        "controller": True,
    }
    return {"name": name, "labels": labels.child("former", "workspace"), "ownerReferences": [owner]}


def _account(kode: Object) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _owned(kode, "kode-former")}


def _stateful_set(kode: Object) -> Object:
    """Return what 0.1.0 made, with a program that writes to the home until it is killed."""
    container = {
        "name": "editor",
        "image": TOOLS,
        "command": ["sh", "-c", _WRITER],
        "volumeMounts": [{"name": "home", "mountPath": "/home"}],
    }
    claim = {"claimName": "former-home"}
    spec = {
        "terminationGracePeriodSeconds": 3,
        "automountServiceAccountToken": False,
        "containers": [container],
        "volumes": [{"name": "home", "persistentVolumeClaim": claim}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": _owned(kode, "former"),
        "spec": {
            "replicas": 1,
            "serviceName": "former",
            "selector": {"matchLabels": labels.selector("former")},
            "template": {
                "metadata": {"labels": labels.child("former", "workspace")},
                "spec": spec,
            },
        },
    }


def test_namespace_that_is_deleted_takes_its_kodes_along(elsewhere: Place) -> None:
    elsewhere.ready("crowded")
    api = elsewhere.api
    api.delete("Namespace", elsewhere.namespace)
    api.wait("Namespace", elsewhere.namespace, "", lambda seen: seen is None, seconds=120)
