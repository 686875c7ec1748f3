"""The sidecar's container, and what it reads while it runs.

Rule: the container is the same whatever the sidecar is to do. That comes in files: what is no
secret from annotations of the pod, users and keys from a Secret, which may come later.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from pydantic import TypeAdapter

from kode import labels, names
from kode.api import layout
from kode.names import hash_text
from kode.render.metadata import Manifest
from kode.render.resolve import ResolvedKode
from kode.render.secret import SidecarConfig, credential_annotations, holds_secrets

_FILES, _RUN = "envoy", "envoy-run"
# The status is for nobody to read: where it changes, the kubelet replaces the files, and Envoy
# reads them again.
_ANNOTATED = {
    "status.json": labels.SIDECAR_STATUS,
    layout.ENVOY_CLUSTERS: labels.ENVOY_CLUSTERS,
    layout.ENVOY_LISTENERS: labels.ENVOY_LISTENERS,
}


@dataclass(frozen=True)
class SidecarStatus:
    """How far a revision of the sidecar's files is, as an annotation of the pod says.

    Attributes:
        revision: the revision.
        state: pending until Envoy has been heard, then accepted or refused.
        since: RFC 3339 time at which the files were changed last; empty for when the pod was made.
        tries: how often it was asked to read the files again.
        parts: digest of the proxy config's own parts in the files; empty for none.
        known: whether Envoy has taken these own parts before.
        refused: digest of the own parts that Envoy refuses: these, or those in whose place they
            stand; empty for none.
        is_denied: whether nobody is let in meanwhile.
        message: why it refuses them.
    """

    revision: str
    state: Literal["pending", "accepted", "refused"] = "pending"
    since: str = ""
    tries: int = 0
    parts: str = ""
    known: bool = False
    refused: str = ""
    is_denied: bool = False
    message: str = ""

    def dump(self) -> str:
        """Return it as the annotation has it."""
        given = {key: value for key, value in asdict(self).items() if value}
        return json.dumps(given, sort_keys=True)


OPTIONS = (
    # A field that it does not know may be the one that was to keep somebody out.
    "--reject-unknown-dynamic-fields",
    # What was open before a change is cut, and not long after.
    *("--drain-time-s", "1", "--drain-strategy", "immediate"),
    *("--concurrency", "1", "--disable-hot-restart", "--log-level", "warn"),
    # Here it says which revision it takes, and why it refuses one (kode.evaluate.sidecar_log).
    *("--component-log-level", "upstream:info,config:info"),
)
"""What Envoy is started with, beside what it starts from."""
_STATUS = TypeAdapter(SidecarStatus)


def sidecar_status(given: Mapping[str, str]) -> SidecarStatus | None:
    """Return what a pod's annotations say of the revision that they bring; None for nothing."""
    try:
        status = _STATUS.validate_json(given.get(labels.SIDECAR_STATUS, ""))
    except ValueError:
        return None
    return status if status.revision == given.get(labels.SIDECAR_REVISION) else None


def annotations(kode: ResolvedKode, files: SidecarConfig) -> dict[str, str]:
    """Return the annotations of the pod that follow from what the sidecar is to read."""
    given = {
        **credential_annotations(kode, files.secrets.revision),
        labels.SIDECAR_REVISION: files.revision,
        labels.UPSTREAM: files.upstream,
    }
    if files.parts or files.refused:
        status = SidecarStatus(
            files.revision,
            parts=hash_text(files.parts) if files.parts else "",
            refused=files.refused,
            is_denied=files.is_denied,
            message=files.message,
        )
        given[labels.SIDECAR_STATUS] = status.dump()
    if not holds_secrets(kode, files):
        given[labels.ENVOY_CLUSTERS] = files.clusters
        given[labels.ENVOY_LISTENERS] = files.listeners
    return given


def volumes(kode: ResolvedKode) -> list[Manifest]:
    """Return the sidecar's volumes."""
    items = [
        {"path": path, "fieldRef": {"fieldPath": f"metadata.annotations['{key}']"}}
        for path, key in _ANNOTATED.items()
    ]
    # Of two files of one name the Secret's is taken. There may be none, or none yet.
    secret = {"name": names.envoy_secret(kode.name), "optional": True}
    sources = [{"downwardAPI": {"items": items}}, {"secret": secret}]
    return [
        {"name": _FILES, "projected": {"sources": sources, "defaultMode": 0o440}},
        {"name": _RUN, "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    ]


def _editor_login(kode: ResolvedKode) -> Manifest:
    if not (kode.credentials and kode.image_profile.uses_basic_auth):
        return {}
    # Only the kubelet puts it here, and no configuration quotes it.
    key = {"name": names.envoy_secret(kode.name), "key": layout.ENVOY_EDITOR_AUTHORIZATION}
    variable = {"name": layout.EDITOR_AUTHORIZATION, "valueFrom": {"secretKeyRef": key}}
    return {"env": [variable]}


def container(kode: ResolvedKode, files: SidecarConfig) -> Manifest:
    """Return the sidecar's container."""
    return {
        "name": layout.SIDECAR,
        "image": kode.proxy.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["envoy", "--config-yaml", files.bootstrap, *OPTIONS],
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
        # What it says may quote a key, and is nothing that is to stand in the pod's status.
        "terminationMessagePolicy": "File",
        "volumeMounts": [
            {"name": _FILES, "mountPath": layout.ENVOY_FILES, "readOnly": True},
            {"name": _RUN, "mountPath": layout.ENVOY_RUN},
        ],
    }
