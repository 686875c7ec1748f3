"""Nodes that exist only in the API, for benchmarks and large tests.

kwok plays the kubelet: it renews the nodes' leases and moves pods on to Ready as
soon as they are scheduled. Nothing is taken out of the way to get there: a claim
waits for its pod, the provisioner writes a volume for it (without a directory), and
Kubernetes' own controller binds the two. Binding at once, before there is a pod,
was measured to cost twice the events: the scheduler looks at each pod too early.
"""

import json

from devcluster import services

COUNT = 20


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
