"""The pod of a Kode: the editor and its sidecar.

Rule: the pod says by its annotations what it was made from, so that anyone can see whether it is
up to date, and whose change it lacks.
"""

import hashlib
import json
from typing import Any

from kode import labels, names
from kode.api import layout
from kode.render import editor, grants
from kode.render.metadata import Manifest, child
from kode.render.resolve import ResolvedKode
from kode.render.secret import SidecarConfig, credential_annotations, holds_secrets
from kode.render.storage import claim_name


def workload(kode: ResolvedKode, files: SidecarConfig, restarted_at: str) -> Manifest:
    """Return the pod.

    Args:
        kode: the Kode.
        files: what the sidecar reads.
        restarted_at: the Kode's annotation of that name; a new value restarts the pod.
    """
    spec = _pod_spec(kode, files)
    kode_hash = digest([kode.kode_inputs, restarted_at, files.revision])
    annotations = {
        labels.KODE_HASH: kode_hash,
        labels.POD_HASH: digest([spec, files.config, kode_hash]),
        **credential_annotations(kode, files.revision),
    }
    if not holds_secrets(kode, files):
        annotations[labels.ENVOY] = files.config
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
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


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
        "containers": [editor.container(kode), _envoy(kode, files)],
        "volumes": _volumes(kode, files),
        "nodeSelector": dict(template.node_selector),
        "tolerations": [
            item.model_dump(by_alias=True, exclude_none=True) for item in template.tolerations
        ],
        "runtimeClassName": template.runtime_class_name,
        "hostUsers": template.host_users,
    }
    return {key: value for key, value in spec.items() if value or value is False}


def _volumes(kode: ResolvedKode, files: SidecarConfig) -> list[Manifest]:
    # A Secret less for each Kode, where the pod itself can carry it.
    field = {"fieldPath": f"metadata.annotations['{labels.ENVOY}']"}
    item = {"path": layout.ENVOY_CONFIG, "fieldRef": field}
    source: Manifest = {"downwardAPI": {"items": [item], "defaultMode": 0o440}}
    if holds_secrets(kode, files):
        name = names.envoy_secret(kode.name)
        source = {"secret": {"secretName": name, "defaultMode": 0o440}}
    return [
        {"name": editor.HOME_VOLUME, "persistentVolumeClaim": {"claimName": claim_name(kode)}},
        {"name": "envoy", **source},
        {"name": "envoy-run", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        # A container's own shared memory is 64 MiB, too little for a browser or for what trains in
        # several processes. What is in it counts as the editor's memory.
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
    ]


def _editor_login(kode: ResolvedKode) -> Manifest:
    if not (kode.credentials and kode.image_profile.uses_basic_auth):
        return {}
    # Only the kubelet puts it here, and no configuration quotes it.
    key = {"name": names.envoy_secret(kode.name), "key": layout.ENVOY_EDITOR_AUTHORIZATION}
    variable = {"name": layout.EDITOR_AUTHORIZATION, "valueFrom": {"secretKeyRef": key}}
    return {"env": [variable]}


def _envoy(kode: ResolvedKode, files: SidecarConfig) -> Manifest:
    return {
        "name": "envoy",
        "image": kode.proxy.image,
        "imagePullPolicy": "IfNotPresent",
        "command": [
            "envoy",
            "--config-path",
            f"{layout.ENVOY_FILES}/{layout.ENVOY_CONFIG}",
            "--concurrency",
            "1",
            "--disable-hot-restart",
            "--log-level",
            "warn",
        ],
        **_editor_login(kode),
        "ports": [{"name": "http", "containerPort": layout.SIDECAR_HTTP, "protocol": "TCP"}],
        "resources": {
            "requests": {"cpu": "10m", "memory": "64Mi"},
            "limits": {"cpu": "1", "memory": "256Mi"},
        },
        "livenessProbe": {
            "httpGet": {"path": "/live", "port": layout.SIDECAR_HEALTH},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 6,
        },
        "securityContext": {
            "runAsUser": layout.SIDECAR_UID,
            "runAsGroup": layout.SIDECAR_UID,
            "runAsNonRoot": True,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        # What Envoy says against a configuration becomes the message of the Kode's condition, but
        # where it may quote a key nothing of it is to stand in the pod's status.
        "terminationMessagePolicy": "FallbackToLogsOnError" if files.last_words else "File",
        "volumeMounts": [
            {"name": "envoy", "mountPath": layout.ENVOY_FILES, "readOnly": True},
            {"name": "envoy-run", "mountPath": layout.ENVOY_RUN},
        ],
    }
