"""The ServiceAccount of a Kode: a name without rights, whose token is not mounted.

Rule: it has a prefix of ours: rights and identities of clouds and meshes go by such names, and a
person names a Kode as they like.
"""

from kode import names
from kode.render.metadata import Manifest, child
from kode.render.resolve import ResolvedKode


def service_account(kode: ResolvedKode) -> Manifest:
    """Return the ServiceAccount."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": child(
            kode=(kode.namespace, kode.name, kode.uid),
            name=names.service_account(kode.name),
            component="workspace",
        ),
        "automountServiceAccountToken": False,
    }
