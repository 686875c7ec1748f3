"""Objects as the API server gives them, for the tests of the caches and of passes."""

from typing import Any

from kode import labels, names
from kode.api.meta import API_VERSION
from kode.controllers.inputs import KodeKey

Object = dict[str, Any]
KEY = KodeKey("team", "dev")
UID = "uid-of-dev"


def kode(key: KodeKey = KEY, *, version: int = 1, **spec: Any) -> Object:
    """Return a Kode."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Kode",
        "metadata": {
            "name": key.name,
            "namespace": key.namespace,
            "uid": f"uid-of-{key.name}",
            "generation": 1,
            "resourceVersion": str(version),
            "managedFields": [{"manager": "kubectl"}],
        },
        "spec": {"templateRef": {"kind": "KodeClusterTemplate", "name": "plain"}, **spec},
    }


def template(name: str = "plain", *, version: int = 1, **spec: Any) -> Object:
    """Return a cluster template."""
    return {
        "apiVersion": API_VERSION,
        "kind": "KodeClusterTemplate",
        "metadata": {
            "name": name,
            "uid": f"uid-of-{name}",
            "generation": 1,
            "resourceVersion": str(version),
        },
        "spec": {"type": "code-server", "image": "linuxserver/code-server:latest", **spec},
    }


def child(kind: str, name: str, *, version: int = 1, key: KodeKey = KEY, **more: Any) -> Object:
    """Return a child of a Kode, owned by it and labelled."""
    owner = {"kind": "Kode", "name": key.name, "uid": f"uid-of-{key.name}", "controller": True}
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": key.namespace,
            "uid": f"uid-of-{kind}-{name}",
            "resourceVersion": str(version),
            "labels": labels.child(key.name, "workspace"),
            "ownerReferences": [owner],
            "managedFields": [{"manager": "kode", "operation": "Apply"}],
        },
        **more,
    }


def foreign(kind: str, name: str, *, version: int = 1, **more: Any) -> Object:
    """Return somebody else's object."""
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": KEY.namespace,
            "uid": f"uid-of-{kind}-{name}",
            "resourceVersion": str(version),
        },
        **more,
    }


def pod(key: KodeKey = KEY, *, version: int = 1, ready: bool = False) -> Object:
    """Return the pod of a Kode."""
    found = child("Pod", names.pod(key.name), version=version, key=key)
    found["spec"] = {"nodeName": "node1", "containers": [{"name": "editor"}]}
    found["status"] = {
        "phase": "Running",
        "podIP": "10.0.0.1",
        "conditions": [{"type": "Ready", "status": str(ready)}, {"type": "Initialized"}],
        "containerStatuses": [
            {
                "name": "editor",
                "ready": ready,
                "restartCount": 3,
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
                "lastState": {"terminated": {"exitCode": 1, "containerID": "x"}},
            }
        ],
    }
    return found
