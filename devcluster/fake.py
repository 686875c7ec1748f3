"""Nodes that exist only in the API, for benchmarks and large tests.

kwok plays the kubelet: it renews the nodes' leases and moves pods on to Ready as
soon as they are scheduled. Claims still go through Kubernetes' own volume
controller: the same provisioner as in full mode writes a volume for each, only it
makes no directory. Their class binds at once instead of waiting for a pod, since
any node will do: that spares the scheduler a second pass over every pod, and a
write to every claim.
"""

import json

from devcluster import services

COUNT = 20
PODS_EACH = 1000

STORAGE = {"provisioner": services.PROVISIONER, "binding_mode": "Immediate"}


def node_name(number: int) -> str:
    return f"fake-{number:02}"


def nodes() -> str:
    """A list of all nodes, large enough that nothing is ever unschedulable."""
    return json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": [node(number) for number in range(COUNT)]}
    )


def node(number: int) -> dict[str, object]:
    key, _, value = services.FAKE_NODE_ANNOTATION.partition("=")
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node_name(number),
            "annotations": {key: value},
            "labels": {
                "kubernetes.io/hostname": node_name(number),
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
            },
        },
    }
