"""The Service of a Kode: the sidecar's port and no other."""

from kode import labels, names
from kode.api import layout
from kode.render.metadata import Manifest, child
from kode.render.resolve import ResolvedKode


def service_type(kode: ResolvedKode) -> str:
    """Return the type of the Service."""
    return kode.template.service.type if kode.template.service else "ClusterIP"


def service(kode: ResolvedKode) -> Manifest:
    """Return the Service; port 80 leads to the sidecar."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": child(
            kode=(kode.namespace, kode.name, kode.uid),
            name=names.workload(kode.name),
            component="workspace",
        ),
        "spec": {
            "type": service_type(kode),
            "selector": labels.selector(kode.name),
            "ports": [
                {
                    "name": "http",
                    "port": 80,
                    "protocol": "TCP",
                    "targetPort": layout.SIDECAR_HTTP,
                }
            ],
        },
    }
