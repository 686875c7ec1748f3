"""Where a Kode's user and password come from, and how often they have changed.

Rule: a password given in a spec is on its way into a Secret; from then on the Secret is the truth.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kode import labels, names
from kode.api import layout
from kode.api.conditions import Reason
from kode.api.kode import Kode, KodeSpec
from kode.api.meta import Object
from kode.controllers.children import Children, is_owned
from kode.controllers.decision import Patch, Write
from kode.controllers.inputs import ChildKey, Inputs
from kode.desired.fallback import NO_PARTS
from kode.desired.resolve_references import resolve_login
from kode.errors import Conflict, RefNotFound
from kode.evaluate.sidecar_log import Verdict
from kode.names import hash_text
from kode.render.metadata import Manifest
from kode.render.resolve import DEFAULT_USER, Credentials
from kode.render.secret import (
    SAME_PARTS,
    SidecarSecrets,
    auth,
    decode,
    first_user,
    htpasswd,
    kept_session,
)
from kode.render.sidecar import SidecarStatus, sidecar_status

_ANY_TEMPLATE = {"kind": "KodeTemplate", "name": "any"}
"""What a login does not depend on."""
_COUNT = re.compile("[0-9]{1,9}")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def find(inputs: Inputs, kode: Kode) -> Credentials | None:
    """Return user and password; None where the Kode has none.

    Raises:
        RefNotFound: existingSecret is absent, another Kode's or has no usable password; or the
            Kode's own Secret is gone, and with it the only copy of the password; or it is being
            deleted just when a password is to be moved into it.
    """
    spec = kode.spec
    if spec.existing_secret:
        return resolve_login(kode, inputs.secret)
    name = names.auth_secret(kode.metadata.name)
    live = _owned(inputs, name, kode.metadata.uid)
    if spec.password and live and "deletionTimestamp" in live["metadata"]:
        raise RefNotFound(
            Reason.SECRET_NOT_FOUND,
            f"Secret {name} is being deleted; spec.password is moved there when it is gone",
        )
    password = spec.password or decode(live, "password")
    if password:
        return Credentials(spec.user or DEFAULT_USER, password, name)
    if name in _secrets_in_use(inputs, kode):
        raise RefNotFound(
            Reason.SECRET_NOT_FOUND,
            f"Secret {name} is gone, and with it the password: set spec.password again",
        )
    return None


def accepted(inputs: Inputs, kode: Kode) -> str:
    """Return the own parts of a proxy config that the sidecar's Envoy took last, as text."""
    secret, marks = _sidecar(inputs, kode), _pod_annotations(inputs, kode)
    status = sidecar_status(marks)
    current = decode(secret, layout.ENVOY_PARTS)
    has_parts = current or (status and (status.parts or status.refused))
    if labels.SIDECAR_REVISION in marks and not has_parts:
        return NO_PARTS
    is_taken = status is not None and "accepted" in (status.state, _heard_now(inputs, status))
    if status and is_taken and status.parts == hash_text(current):
        return current
    kept = decode(secret, layout.ENVOY_ACCEPTED)
    return current if kept == SAME_PARTS else kept


def _heard_now(inputs: Inputs, status: SidecarStatus) -> str:
    """Return what this pass hears of a revision that is pending."""
    return "accepted" if status.state == "pending" and inputs.verdict == Verdict() else ""


def sidecar_secrets(inputs: Inputs, kode: Kode, credentials: Credentials | None) -> SidecarSecrets:
    """Return what the sidecar keeps from pass to pass.

    What an editor with a lock of its own asks for stays, whatever becomes of the password: it was
    read when the editor started.
    """
    return SidecarSecrets(
        revision=revision(inputs, kode, credentials),
        session=session(inputs, kode, credentials),
        editor_key=decode(_sidecar(inputs, kode), layout.ENVOY_EDITOR_KEY),
        accepted=accepted(inputs, kode),
    )


def with_live_keys(
    inputs: Inputs, kode: Kode, manifests: tuple[Manifest, ...]
) -> tuple[Manifest, ...]:
    """Return manifests with the keys of a running editor's own lock in the sidecar's Secret.

    They are variables of its containers, which are started again with them whenever they end.
    """
    live = (_sidecar(inputs, kode) or {}).get("data") or {}
    keys = (layout.ENVOY_EDITOR_KEY, layout.ENVOY_EDITOR_AUTHORIZATION)
    kept = {key: live[key] for key in keys if key in live}
    name = names.envoy_secret(kode.metadata.name)
    return tuple(
        {**it, "data": {**it["data"], **kept}}
        if (it["kind"], it["metadata"]["name"]) == ("Secret", name)
        else it
        for it in manifests
    )


def revision(inputs: Inputs, kode: Kode, credentials: Credentials | None) -> int:
    """Return how often the credentials have changed, counting this pass's change.

    The count stands on the sidecar's Secret and on the pod. Where there is no Secret, because there
    were no credentials or because it is gone, the pod's count stands, so that putting the Secret
    back restarts nothing.
    """
    secret = _sidecar(inputs, kode)
    if secret is None:
        annotations = _pod_annotations(inputs, kode)
        had = bool(annotations.get(labels.CREDENTIALS_SECRET))
        count = _parse_revision(annotations)
        return count if not annotations or had == bool(credentials) else count + 1
    count = _parse_revision(_annotations(secret))
    now = htpasswd(credentials) if credentials else ""
    before = decode(secret, layout.ENVOY_USERS)
    return count if first_user(before) == first_user(now) else count + 1


def session(inputs: Inputs, kode: Kode, credentials: Credentials | None) -> str:
    """Return the random value by which a login is remembered; empty without credentials.

    It stands in the sidecar's Secret and stays as long as user and password do. Where the Secret is
    gone a new one is made: who had logged in is asked once more.
    """
    if credentials is None:
        return ""
    secret = _sidecar(inputs, kode)
    get_live = decode(secret, layout.ENVOY_SESSION)
    kept = kept_session(decode(secret, layout.ENVOY_USERS), get_live, credentials)
    return get_live if kept else inputs.fresh


def strip_password(kode: Object) -> Patch | None:
    """Return the patch that takes a password out of a Kode; None where it has none."""
    metadata, spec = kode["metadata"], _spec(kode)
    annotations = metadata.get("annotations") or {}
    redacted = _redacted(annotations.get(LAST_APPLIED))
    if "password" not in spec and redacted is None:
        return None
    body: dict[str, Any] = {}
    if "password" in spec:
        body["spec"] = {"password": None}
    if redacted is not None:
        body["metadata"] = {"annotations": {LAST_APPLIED: redacted}}
    return Patch(
        child=ChildKey("Kode", metadata["name"]),
        uid=metadata["uid"],
        resource_version=metadata.get("resourceVersion"),
        body=body,
    )


def rescue_password(kode: Object, children: Children) -> list[Write]:
    """Return the writes that move a password out of a Kode that cannot be read otherwise.

    A password that cannot be read either, or whose Secret is not the Kode's, stays where it is.
    """
    metadata, spec = kode["metadata"], _spec(kode)
    patch = strip_password(kode)
    if "password" not in spec:
        return [patch] if patch else []
    given = {key: spec[key] for key in ("user", "password") if key in spec}
    try:
        asked = KodeSpec.model_validate({"templateRef": _ANY_TEMPLATE, **given}, by_alias=True)
        login = Credentials(
            asked.user or DEFAULT_USER,
            asked.password or "",
            names.auth_secret(str(metadata["name"])),
        )
        place = (str(metadata["namespace"]), str(metadata["name"]), str(metadata["uid"]))
        manifest = auth(*place, login)
        children.check_owner(manifest)
    except (ValidationError, Conflict):
        return []
    live = children.live(manifest)
    if patch is None or (live and "deletionTimestamp" in live["metadata"]):
        return []
    return [*children.reconcile_child(manifest), patch]


def _spec(kode: Object) -> Mapping[str, Any]:
    spec = kode.get("spec")
    return spec if isinstance(spec, Mapping) else {}


def _redacted(applied: object) -> str | None:
    if not isinstance(applied, str):
        return None
    try:
        document = json.loads(applied)
        document["spec"].pop("password")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return json.dumps(document, separators=(",", ":")) + "\n"


def _owned(inputs: Inputs, name: str, uid: str) -> Object | None:
    live = inputs.children.get(ChildKey("Secret", name))
    if live is None:
        return None
    return live if is_owned(live, uid) else None


def _sidecar(inputs: Inputs, kode: Kode) -> Object | None:
    return _owned(inputs, names.envoy_secret(kode.metadata.name), kode.metadata.uid)


def _secrets_in_use(inputs: Inputs, kode: Kode) -> set[str | None]:
    """Return the Secrets whose credentials the sidecar and the pod were last made with."""
    found = (_annotations(_sidecar(inputs, kode) or {}), _pod_annotations(inputs, kode))
    return {annotations.get(labels.CREDENTIALS_SECRET) for annotations in found}


def _annotations(live: Object) -> Mapping[str, str]:
    return live.get("metadata", {}).get("annotations") or {}


def _pod_annotations(inputs: Inputs, kode: Kode) -> Mapping[str, str]:
    if inputs.pod is not None and is_owned(inputs.pod, kode.metadata.uid):
        return _annotations(inputs.pod)
    # What 0.1.0 made; the pod takes its place in this pass or the next.
    key = ChildKey("StatefulSet", names.workload(kode.metadata.name))
    return _annotations(inputs.children.get(key, {}).get("spec", {}).get("template", {}))


def _parse_revision(annotations: Mapping[str, str]) -> int:
    count = annotations.get(labels.CREDENTIALS_REVISION, "1")
    return int(count) if _COUNT.fullmatch(count) else 1
