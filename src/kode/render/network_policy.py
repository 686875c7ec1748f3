"""The NetworkPolicy of a Kode.

Rule: in, only to the sidecar's port, from the gateway and from what the template itself exposes;
out, anywhere but to the addresses where clouds hand a node's credentials to whoever asks.
"""

from collections.abc import Sequence

from kode import labels, names
from kode.api import layout
from kode.render.metadata import Manifest, child
from kode.render.resolve import ResolvedKode
from kode.render.service import service_type

METADATA_ADDRESSES = (
    "169.254.169.254/32",  # nearly every cloud
    "169.254.170.2/32",  # AWS: roles of ECS tasks
    "169.254.170.23/32",  # AWS: EKS Pod Identity
    "168.63.129.16/32",  # Azure: its wire server, with secrets of extensions
    "100.100.100.200/32",  # Alibaba
    "169.254.0.23/32",  # Tencent
    "169.254.10.10/32",  # Tencent
    "169.254.42.42/32",  # Scaleway
    "192.0.0.192/32",  # Oracle
    "fd00:ec2::254/128",  # AWS
    "fd00:ec2::23/128",  # AWS: EKS Pod Identity
    "fd20:ce::254/128",  # Google
    "fd00:42::42/128",  # Scaleway
    "fe80::a9fe:a9fe/128",  # OpenStack
)
"""Not all of link-local: name servers of nodes (169.254.20.10) are there as well."""


def policy(
    kode: ResolvedKode, operator_namespace: str, closed: Sequence[str] = METADATA_ADDRESSES
) -> Manifest:
    """Return the NetworkPolicy.

    Args:
        kode: the Kode.
        operator_namespace: where the operator and the gateway run.
        closed: address blocks that no workspace reaches.
    """
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": child(
            kode=(kode.namespace, kode.name, kode.uid),
            name=names.workload(kode.name),
            component="workspace",
        ),
        "spec": {
            "podSelector": {"matchLabels": labels.selector(kode.name)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [_ingress(kode, operator_namespace)],
            "egress": [
                # Some network plugins do not count pods into address blocks.
                {"to": [{"namespaceSelector": {}}]},
                {"to": [_block("0.0.0.0/0", closed), _block("::/0", closed)]},
            ],
        },
    }


def _block(everything: str, closed: Sequence[str]) -> Manifest:
    family = [block for block in closed if (":" in block) == (":" in everything)]
    return {"ipBlock": {"cidr": everything, **({"except": family} if family else {})}}


def _ingress(kode: ResolvedKode, operator_namespace: str) -> Manifest:
    rule: Manifest = {"ports": [{"port": layout.SIDECAR_HTTP, "protocol": "TCP"}]}
    if service_type(kode) == "NodePort":
        return rule
    rule["from"] = [
        {
            "namespaceSelector": {
                "matchLabels": {"kubernetes.io/metadata.name": operator_namespace}
            },
            "podSelector": {
                "matchLabels": {labels.PART_OF: labels.PRODUCT},
                "matchExpressions": [
                    {
                        "key": labels.COMPONENT,
                        "operator": "In",
                        "values": [labels.GATEWAY_COMPONENT, labels.OPERATOR_COMPONENT],
                    }
                ],
            },
        }
    ]
    return rule
