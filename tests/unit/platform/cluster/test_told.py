"""What is read of Events, pods and Services for people."""

from typing import Any

import pytest

from kode import labels
from kode.platform.cluster.endpoints import node_url, user_of
from kode.platform.cluster.events import event
from kode.platform.cluster.pods import why

_KODE: dict[str, Any] = {"metadata": {"name": "dev", "namespace": "team"}, "spec": {}}
_NODES = [
    {"status": {"addresses": [{"type": "Hostname", "address": "n"}]}},
    {"status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]}},
    {"status": {"addresses": [{"type": "ExternalIP", "address": "fd00::1"}]}},
]


def _service(kind: str = "NodePort", **port: Any) -> dict[str, Any]:
    return {"spec": {"type": kind, "ports": [port]}}


def test_an_event_is_told_with_its_last_time_and_count() -> None:
    about = {"namespace": "team", "kind": "Pod", "name": "dev"}
    found = event(
        {
            "involvedObject": about,
            "type": "Warning",
            "reason": "BackOff",
            "message": "again\n and again",
            "eventTime": "2026-01-01T00:00:00.000000Z",
            "series": {"count": 3, "lastObservedTime": "2026-01-01T02:00:00.5+01:00"},
        },
        "dev",
    )
    assert (found.time, found.count) == ("2026-01-01T01:00:00Z", 3)
    assert (found.namespace, found.kode, found.message) == ("team", "dev", "again and again")
    odd = event({"metadata": {"creationTimestamp": "never"}, "count": "x"}, "dev")
    assert (odd.time, odd.count, odd.type) == ("never", 1, "Normal")


def test_a_port_of_a_node() -> None:
    assert node_url(_service(nodePort=30001), _NODES) == "http://[fd00::1]:30001/"
    assert node_url(_service(nodePort=30001), _NODES[:2]) == "http://10.0.0.1:30001/"
    assert node_url(_service(nodePort=30001), _NODES[:1]) == ""
    assert node_url(_service("ClusterIP", nodePort=30001), _NODES) == ""
    assert node_url(_service(), _NODES) == ""


def test_who_is_asked_for() -> None:
    pod = {"metadata": {"annotations": {labels.CREDENTIALS_SECRET: "dev-auth"}}}
    assert user_of(_KODE, pod) == "abc"
    assert user_of(_KODE, {"metadata": {}}) is None
    assert user_of(_KODE, None) is None


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "not reconciled yet (is the operator running?)"),
        ({"spec": {"suspend": True}}, "kode start dev"),
        (
            {
                "status": {
                    "conditions": [{"type": "Ready", "status": "False", "reason": "Starting"}]
                }
            },
            "Starting: no details",
        ),
        ({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, "is being replaced"),
        ({"status": "odd"}, "is the operator running?"),
    ],
)
def test_why_it_does_not_run(more: dict[str, Any], words: str) -> None:
    assert words in why({**_KODE, **more})
