"""What the caches keep of an object."""

from collections.abc import Callable

import pytest

from kode.controllers.cache import trim
from kode.names import hash_text
from tests.unit.controllers.objects import Object, child, foreign, pod


def test_a_pod_is_who_where_and_how_it_is() -> None:
    found = trim.pod(pod(ready=True))
    assert found["spec"] == {"nodeName": "node1"}
    assert found["status"]["conditions"] == [{"type": "Ready", "status": "True"}]
    (container,) = found["status"]["containerStatuses"]
    assert container == {
        "name": "editor",
        "ready": True,
        "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        "lastState": {"terminated": {"exitCode": 1}},
    }


@pytest.mark.parametrize(("code", "times"), [(143, True), (137, True), (1, False), (0, False)])
def test_how_long_a_container_ran_is_kept_where_a_signal_ended_it(
    code: int, *, times: bool
) -> None:
    given = {"exitCode": code, "startedAt": "a", "finishedAt": "b", "containerID": "x"}
    found = pod()
    found["status"]["containerStatuses"][0]["lastState"] = {"terminated": given}
    (container,) = trim.pod(found)["status"]["containerStatuses"]
    kept = {"exitCode": code} | ({"startedAt": "a", "finishedAt": "b"} if times else {})
    assert container["lastState"] == {"terminated": kept}


def test_of_a_configuration_that_a_pod_carries_a_fingerprint_is_kept() -> None:
    found = pod()
    found["metadata"]["annotations"] = {"kode.jacero.io/envoy-listeners": "{}", "a": "b"}
    kept = {"kode.jacero.io/envoy-listeners": hash_text("{}"), "a": "b"}
    assert trim.pod(found)["metadata"]["annotations"] == kept
    assert found["metadata"]["annotations"] != kept


def test_with_what_leave_a_pod_runs_is_kept() -> None:
    given = pod()
    privileged = {"name": "editor", "image": "x", "securityContext": {"privileged": True}}
    plain = {"name": "envoy", "securityContext": {"runAsUser": 1}}
    given["spec"] = {
        "hostUsers": True,
        "runtimeClassName": "kata",
        "initContainers": [plain],
        "containers": [privileged, plain],
        "volumes": [{"name": "home"}],
    }
    assert trim.pod(given)["spec"] == {
        "hostUsers": True,
        "runtimeClassName": "kata",
        "containers": [{"securityContext": {"privileged": True}}],
    }


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_when_a_pod_ended_is_kept(phase: str) -> None:
    found = pod()
    ended = {"terminated": {"exitCode": 1, "finishedAt": "b", "containerID": "x"}}
    found["status"].update(phase=phase, reason="Evicted")
    found["status"]["containerStatuses"][0]["state"] = ended
    (container,) = trim.pod(found)["status"]["containerStatuses"]
    assert container["state"] == {"terminated": {"exitCode": 1, "finishedAt": "b"}}


def test_a_pod_without_anything_is_no_error() -> None:
    found = trim.pod({"kind": "Pod", "metadata": {"name": "x"}})
    assert found["status"] == {"conditions": []}


def test_our_claim_keeps_its_spec_and_of_its_status_the_phase() -> None:
    status = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
    found = trim.claim(child("PersistentVolumeClaim", "dev-home", spec={"x": 1}, status=status))
    assert found["spec"] == {"x": 1}
    assert found["status"] == {"phase": "Bound"}


@pytest.mark.parametrize("make", [child, foreign])
def test_that_a_claim_is_being_deleted_is_seen_of_anybodys(make: Callable[..., Object]) -> None:
    going = make("PersistentVolumeClaim", "dev-home")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert trim.claim(going)["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:00Z"


def test_a_claim_without_a_status_is_pending() -> None:
    assert trim.claim(child("PersistentVolumeClaim", "dev-home"))["status"] == {"phase": "Pending"}
