"""The operator's writes, counted by the API server itself.

The API server counts requests by flow schema. Flow schemas that match nothing but the operator's
service account therefore count its writes exactly, told apart by what they write, whatever the
controllers of Kubernetes write at the same time.

Rule: every flow stays on the priority level that a service account has anyway, so counting changes
nothing in what is counted.

Source: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bench.api import Api, Object, collection, path_of

_WRITES = ["create", "update", "patch", "delete", "deletecollection"]
_RULES: Mapping[str, tuple[str, str]] = {
    "lease": ("coordination.k8s.io", "leases"),
    "events": ("events.k8s.io", "events"),
    "status": ("kode.jacero.io", "kodes/status"),
    "kodes": ("kode.jacero.io", "kodes"),
    "children": ("*", "*"),
}
"""What is written, in the order in which a request is matched."""

_UNTIL_COUNTED = 60.0
"""Seconds."""
_COUNT = re.compile(
    r'^apiserver_flowcontrol_(?:dispatched|rejected)_requests_total\{(?:[^}]*,)?flow_schema="bench-'
    r'(?P<flow>[a-z]+)"[^}]*\} (?P<count>\S+)$',
    re.MULTILINE,
)


@dataclass(frozen=True)
class Account:
    """A service account."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Writes:
    """Writes of the operator since the API server started."""

    lease: int = 0
    events: int = 0
    status: int = 0
    kodes: int = 0
    children: int = 0

    def since(self, earlier: "Writes") -> "Writes":
        """Return what was written in between."""
        return Writes(
            self.lease - earlier.lease,
            self.events - earlier.events,
            self.status - earlier.status,
            self.kodes - earlier.kodes,
            self.children - earlier.children,
        )

    def but_lease(self) -> int:
        """Return all writes that are about Kodes."""
        return self.events + self.status + self.kodes + self.children


async def count(api: Api) -> Writes:
    """Return the counts as they stand."""
    counts: dict[str, int] = {}
    for row in _COUNT.finditer(await api.text("/metrics")):
        flow = row["flow"]
        counts[flow] = counts.get(flow, 0) + int(float(row["count"]))
    return Writes(**{flow: counts.get(flow, 0) for flow in _RULES})


async def separate(api: Api, client: Api, account: Account) -> None:
    """Make the flow schemas, and wait until the API server counts by them.

    Args:
        api: may make flow schemas.
        client: has the identity whose writes are to be counted.
        account: that identity.

    Raises:
        TimeoutError: the API server does not count.
    """
    for number, (flow, (group, resource)) in enumerate(_RULES.items()):
        await api.apply(_schema(f"bench-{flow}", 200 + number, account, (group, resource)))
    # The API server takes flow schemas from a watch, and there is no status that tells when: a
    # write that changes nothing is made until it is counted.
    before = await count(api)
    async with asyncio.timeout(_UNTIL_COUNTED):
        while (await count(api)).since(before).but_lease() <= 0:
            await client.delete(f"{collection('v1', 'Service', account.namespace)}/bench-nothing")
            await asyncio.sleep(0.5)


async def join(api: Api) -> None:
    """Remove the flow schemas."""
    for flow in _RULES:
        manifest = {
            "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
            "kind": "FlowSchema",
            "metadata": {"name": f"bench-{flow}"},
        }
        await api.delete(path_of(manifest))


def _schema(name: str, precedence: int, account: Account, what: tuple[str, str]) -> Object:
    group, resource = what
    return {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": {"name": name},
        "spec": {
            "priorityLevelConfiguration": {"name": "workload-low"},
            "matchingPrecedence": precedence,
            "distinguisherMethod": {"type": "ByUser"},
            "rules": [
                {
                    "subjects": [
                        {
                            "kind": "ServiceAccount",
                            "serviceAccount": {
                                "namespace": account.namespace,
                                "name": account.name,
                            },
                        }
                    ],
                    "resourceRules": [
                        {
                            "verbs": _WRITES,
                            "apiGroups": [group],
                            "resources": [resource],
                            "namespaces": ["*"],
                            "clusterScope": True,
                        }
                    ],
                }
            ],
        },
    }
