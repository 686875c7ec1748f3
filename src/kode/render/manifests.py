"""All that a resolved Kode means, in the order in which it is made.

Rule: total and deterministic; what a pod needs comes before the pod.
"""

from collections.abc import Sequence

from kode import names
from kode.render.metadata import Manifest
from kode.render.network_policy import METADATA_ADDRESSES, policy
from kode.render.resolve import ResolvedKode
from kode.render.secret import SidecarConfig, auth, envoy, holds_secrets
from kode.render.service import service
from kode.render.storage import home
from kode.render.workload import workload


def manifests(
    kode: ResolvedKode,
    files: SidecarConfig,
    *,
    operator_namespace: str,
    restarted_at: str = "",
    closed: Sequence[str] = METADATA_ADDRESSES,
) -> tuple[Manifest, ...]:
    """Return the children of a Kode.

    Args:
        kode: the Kode.
        files: what the sidecar reads.
        operator_namespace: where the operator and the gateway run.
        restarted_at: the annotation of that name; a new value restarts the pod.
        closed: address blocks that no workspace reaches.
    """
    own_auth = None
    if kode.credentials and kode.credentials.secret == names.auth_secret(kode.name):
        own_auth = auth(kode.namespace, kode.name, kode.uid, kode.credentials)
    optional = (own_auth, home(kode))
    return (
        *(manifest for manifest in optional if manifest is not None),
        # Before the pod, so that it never runs a moment without it.
        policy(kode, operator_namespace, closed),
        *((envoy(kode, files),) if holds_secrets(kode, files) else ()),
        service(kode),
        *(() if kode.suspend else (workload(kode, files, restarted_at),)),
    )
