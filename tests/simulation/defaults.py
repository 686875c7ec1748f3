"""What the API server adds to objects of the kinds that the operator makes: enough to differ."""

from typing import Any

Object = dict[str, Any]


def with_defaults(found: Object) -> Object:
    """Return an object with some of the fields that the API server fills in."""
    match found["kind"]:
        case "Service":
            found["spec"] = {
                "clusterIP": "10.96.0.10",
                "sessionAffinity": "None",
                **found.get("spec", {}),
            }
        case "PersistentVolumeClaim":
            found["spec"] = {"volumeMode": "Filesystem", **found.get("spec", {})}
            found.setdefault("status", {"phase": "Pending"})
        case "Pod":
            found["spec"] = _pod(found["spec"])
        case "Kode":
            found["spec"] = {"suspend": False, "privileged": False, **found.get("spec", {})}
    return found


def _pod(spec: Object) -> Object:
    added = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}
    return {
        "dnsPolicy": "ClusterFirst",
        **spec,
        "tolerations": [*spec.get("tolerations", []), {**added, "tolerationSeconds": 300}],
        "containers": [_container(item) for item in spec.get("containers", [])],
        "initContainers": [_container(item) for item in spec.get("initContainers", [])],
    }


def _container(found: Object) -> Object:
    return {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        **found,
        "env": [dict(item) for item in found.get("env", [])],
    }
