"""The pod of a Kode: the editor and its sidecar.

Rule: the pod says by its annotations what it was made from, so that anyone can see whether it is
up to date, and whose change it lacks. What its sidecar reads is no part of that: it changes while
the pod runs (kode.render.sidecar).
"""

import json
from typing import Any

from kode import labels, names
from kode.render import editor, grants, sidecar
from kode.render.metadata import Manifest, child
from kode.render.resolve import ResolvedKode
from kode.render.secret import SidecarConfig
from kode.render.storage import claim_name


def workload(kode: ResolvedKode, files: SidecarConfig, restarted_at: str) -> Manifest:
    """Return the pod.

    Args:
        kode: the Kode.
        files: what the sidecar reads at first.
        restarted_at: the Kode's annotation of that name; a new value restarts the pod.
    """
    spec = _pod_spec(kode, files)
    kode_hash = digest([kode.kode_inputs, restarted_at, _own_lock(kode)])
    annotations = {
        labels.KODE_HASH: kode_hash,
        labels.POD_HASH: digest([spec, kode_hash]),
        **sidecar.annotations(kode, files),
    }
    granted = grants.placement(kode.template)
    if granted:
        annotations[labels.GRANTS] = ",".join(granted)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": child(
            kode=(kode.namespace, kode.name, kode.uid),
            name=names.pod(kode.name),
            component="workspace",
            annotations=annotations,
        ),
        "spec": spec,
    }


def digest(value: Any) -> str:
    """Return a short digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return names.hash_text(text)


def _own_lock(kode: ResolvedKode) -> Any:
    # An image with a lock of its own reads who may open it when it starts.
    if kode.image_profile.uses_basic_auth:
        return kode.credentials.user if kode.credentials else ""
    return 1  # So it was in 0.1.0, for as long as no password had changed.


def _pod_spec(kode: ResolvedKode, files: SidecarConfig) -> Manifest:
    template = kode.template
    spec: Manifest = {
        "restartPolicy": "Always",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "fsGroup": kode.pgid,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": editor.init_containers(kode),
        "containers": [editor.container(kode), sidecar.container(kode, files)],
        "volumes": _volumes(kode),
        "nodeSelector": dict(template.node_selector),
        "tolerations": [
            item.model_dump(by_alias=True, exclude_none=True) for item in template.tolerations
        ],
        "runtimeClassName": template.runtime_class_name,
        "hostUsers": template.host_users,
    }
    return {key: value for key, value in spec.items() if value or value is False}


def _volumes(kode: ResolvedKode) -> list[Manifest]:
    return [
        {"name": editor.HOME_VOLUME, "persistentVolumeClaim": {"claimName": claim_name(kode)}},
        *sidecar.volumes(kode),
        # A container's own shared memory is 64 MiB, too little for a browser or for what trains in
        # several processes. What is in it counts as the editor's memory.
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
    ]
