"""The NetworkPolicy of a Kode.

Rule: in, only to the sidecar's port, from the gateway and from what the template itself exposes;
out, anywhere but to the addresses where clouds hand a node's credentials to whoever asks.
"""

from kode import labels, names
from kode.api import ports
from kode.render.meta import Manifest, child
from kode.render.resolve import ResolvedKode
from kode.render.service import exposure

METADATA_IPV4 = "169.254.169.254/32"
METADATA_IPV6 = "fd00:ec2::254/128"


def policy(kode: ResolvedKode, operator_namespace: str) -> Manifest:
    """Return the NetworkPolicy.

    Args:
        kode: the Kode.
        operator_namespace: where the operator and the gateway run.
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
                {
                    "to": [
                        {"ipBlock": {"cidr": "0.0.0.0/0", "except": [METADATA_IPV4]}},
                        {"ipBlock": {"cidr": "::/0", "except": [METADATA_IPV6]}},
                    ]
                },
            ],
        },
    }


def _ingress(kode: ResolvedKode, operator_namespace: str) -> Manifest:
    rule: Manifest = {"ports": [{"port": ports.SIDECAR_HTTP, "protocol": "TCP"}]}
    if exposure(kode) == "NodePort":
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
