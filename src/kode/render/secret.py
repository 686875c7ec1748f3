"""The two Secrets of a Kode: its login, and its sidecar's configuration.

Rule: a password stands in a Secret and nowhere else.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kode import labels, names
from kode.api import layout
from kode.api.conditions import Reason
from kode.errors import RefNotFound
from kode.render.metadata import Manifest, child
from kode.render.resolve import DEFAULT_USER, Credentials, ResolvedKode

_MAX_PASSWORD = 4096
_MIN_SESSION = 32
SAME_PARTS = "="
"""What stands for the own parts that Envoy took last, where they are those of now."""
# Of 256 KiB that all annotations of an object may have together.
_MAX_ANNOTATED = 100_000


@dataclass(frozen=True)
class SidecarSecrets:
    """What stays of a sidecar from one pass to the next.

    Attributes:
        revision: how often the credentials have changed.
        session: the random value by which a login is remembered; empty where none is.
        editor_key: the password between the sidecar and an editor with a lock of its own; empty for
            one made from the credentials.
        accepted: the proxy config's own parts that Envoy took last, as text; empty for none.
    """

    revision: int = 1
    session: str = field(default="", repr=False)
    editor_key: str = field(default="", repr=False)
    accepted: str = field(default="", repr=False)


@dataclass(frozen=True)
class SidecarConfig:
    """What the sidecar reads.

    Attributes:
        bootstrap: what Envoy starts with, the same for all, as JSON.
        clusters: Envoy's clusters, as the text of a file.
        listeners: Envoy's listeners, as the text of a file.
        revision: what all of it is known by.
        upstream: where its editor answers, as JSON.
        secrets: what is in no configuration.
        quotes_nothing: whether what Envoy says against it may be repeated: it quotes no secret.
        parts: the proxy config's own parts in it, as text; empty where Envoy can refuse nothing.
        refused: digest of those in whose place they stand, because Envoy refuses them.
        message: why it does.
        is_denied: whether nobody is let in.
    """

    bootstrap: str
    clusters: str
    listeners: str
    revision: str
    upstream: str = "{}"
    secrets: SidecarSecrets = SidecarSecrets()
    quotes_nothing: bool = False
    parts: str = ""
    refused: str = ""
    message: str = ""
    is_denied: bool = False

    @property
    def is_long(self) -> bool:
        """Whether the configuration is too long for annotations."""
        return len(self.clusters) + len(self.listeners) > _MAX_ANNOTATED


def auth(namespace: str, kode: str, uid: str, credentials: Credentials) -> Manifest:
    """Return the Secret that a password is moved into."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": child(
            kode=(namespace, kode, uid), name=names.auth_secret(kode), component="auth"
        ),
        "type": "Opaque",
        "data": {
            "username": encode(credentials.user),
            "password": encode(credentials.password),
        },
    }


def holds_secrets(kode: ResolvedKode, files: SidecarConfig) -> bool:
    """Tell whether all that the sidecar reads stands in its Secret, and not in its pod.

    All of it in one place: what is read together is brought together.
    """
    has_parts = bool(files.parts or files.refused)
    return kode.credentials is not None or has_parts or not files.quotes_nothing or files.is_long


def envoy(kode: ResolvedKode, files: SidecarConfig) -> Manifest:
    """Return the Secret that the sidecar mounts, where it holds secrets."""
    secrets = files.secrets
    data = {
        layout.ENVOY_CLUSTERS: encode(files.clusters),
        layout.ENVOY_LISTENERS: encode(files.listeners),
    }
    if files.parts:
        data[layout.ENVOY_PARTS] = encode(files.parts)
    if secrets.accepted and (files.parts or files.refused):
        is_same = secrets.accepted == files.parts
        data[layout.ENVOY_ACCEPTED] = encode(SAME_PARTS if is_same else secrets.accepted)
    if kode.credentials:
        data[layout.ENVOY_USERS] = encode(htpasswd(kode.credentials, secrets.session))
        if secrets.session:
            data[layout.ENVOY_SESSION] = encode(secrets.session)
    if kode.credentials and kode.image_profile.uses_basic_auth:
        key = secrets.editor_key or editor_key(kode, kode.credentials)
        header = authorization(kode.credentials.user, key)
        data[layout.ENVOY_EDITOR_KEY] = encode(key)
        data[layout.ENVOY_EDITOR_AUTHORIZATION] = encode(header)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": child(
            kode=(kode.namespace, kode.name, kode.uid),
            name=names.envoy_secret(kode.name),
            component="envoy",
            annotations=credential_annotations(kode, secrets.revision),
        ),
        "type": "Opaque",
        "data": data,
    }


def credential_annotations(kode: ResolvedKode, revision: int) -> dict[str, str]:
    """Return the annotations that say which credentials something was made with."""
    annotations = {labels.CREDENTIALS_REVISION: str(revision)}
    if kode.credentials:
        annotations[labels.CREDENTIALS_SECRET] = kode.credentials.secret
    return annotations


def htpasswd(credentials: Credentials, session: str = "") -> str:
    """Return an htpasswd file in the one form that Envoy reads: {SHA}.

    Args:
        credentials: user and password; they are the first line.
        session: the random value by which a login is remembered, a user of its own; empty where
            none is.

    Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/basic_auth_filter
    """
    lines = [(credentials.user, credentials.password)]
    if session:
        lines.append((layout.SESSION_USER, session))
    return "".join(f"{user}:{{SHA}}{_sha1(password)}\n" for user, password in lines)


def first_user(file: str) -> str:
    """Return the line of an htpasswd file that is a person's."""
    return file.partition("\n")[0]


def kept_session(file: str, session: str, credentials: Credentials) -> bool:
    """Tell whether a remembered login is that of these credentials, so that it stays good.

    Args:
        file: the htpasswd file that stands.
        session: the value that stands beside it.
        credentials: user and password as they are now.
    """
    return len(session) >= _MIN_SESSION and file == htpasswd(credentials, session)


def editor_key(kode: ResolvedKode, credentials: Credentials) -> str:
    """Return what an editor asks its sidecar for: made from the Kode's password, and not that.

    So whatever runs in the editor finds nothing that a person could log in with.
    """
    return hmac.new(credentials.password.encode(), kode.uid.encode(), hashlib.sha256).hexdigest()


def authorization(user: str, key: str) -> str:
    """Return the Authorization header that a sidecar answers such an editor with."""
    return f"Basic {base64.b64encode(f'{user}:{key}'.encode()).decode()}"


def encode(text: str) -> str:
    """Return text as it stands in a Secret's data."""
    return base64.b64encode(text.encode()).decode()


def decode(secret: Mapping[str, Any] | None, key: str) -> str:
    """Return the text under a key of a Secret; empty where there is none that can be read."""
    try:
        return base64.b64decode(
            ((secret or {}).get("data") or {}).get(key, ""), validate=True
        ).decode()
    except (binascii.Error, UnicodeDecodeError, TypeError, ValueError):
        return ""


def parse_login_secret(secret: Mapping[str, Any], name: str, user: str | None) -> Credentials:
    """Return the credentials that a Secret of somebody's own holds.

    Args:
        secret: the Secret; its keys password and, optionally, username are read.
        name: its name.
        user: spec.user of the Kode, which wins over username.

    Raises:
        RefNotFound: the Secret holds no usable password or user.
    """
    password = decode(secret, "password")
    if not password or len(password) > _MAX_PASSWORD or not password.isprintable():
        raise RefNotFound(
            Reason.SECRET_INVALID, f"Secret {name} needs the key password with one line of text"
        )
    given = "username" in (secret.get("data") or {})
    chosen = user or (decode(secret, "username") if given else DEFAULT_USER)
    if not chosen or ":" in chosen or chosen.startswith("#") or not chosen.isprintable():
        # Envoy reads a colon as the end of the name and a line that begins with # as a comment.
        raise RefNotFound(
            Reason.SECRET_INVALID,
            f"Secret {name}: username must be one line without a colon that does not begin with #; "
            f"without the key it is {DEFAULT_USER}",
        )
    return Credentials(chosen, password, name)


def _sha1(text: str) -> str:
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()
