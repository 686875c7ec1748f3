"""Who may open a Kode on one machine.

Rule: deny by default. Without a gateway somebody must be told from nobody, so a Kode that names no
login gets one of its own; it stands in the store and nowhere else.
"""

from dataclasses import dataclass

from kode import labels, names
from kode.api.conditions import Reason
from kode.api.kode import Kode
from kode.api.meta import Object
from kode.desired import resolve_references
from kode.errors import Conflict
from kode.gateway.sidecar import Sidecar
from kode.platform.local.reconcile.gather import LocalInputs
from kode.platform.local.store.objects import is_owned
from kode.render.resolve import DEFAULT_USER, Credentials
from kode.render.secret import auth, decode, htpasswd, kept_session


@dataclass(frozen=True)
class ResolvedLogin:
    """A Kode's login.

    Attributes:
        credentials: user and password; None where the Kode has none yet.
        generated: whether the platform made the password up.
        secret_to_write: the Secret to write first; None where it stands as it should.
    """

    credentials: Credentials | None
    generated: bool = False
    secret_to_write: Object | None = None


def resolve_credentials(inputs: LocalInputs, kode: Kode) -> ResolvedLogin:
    """Return the login that a Kode asks for, or has been given before.

    Raises:
        RefNotFound: existingSecret is absent, another Kode's or has no usable password.
        Conflict: somebody else's Secret stands in the place of the Kode's own.
    """
    spec = kode.spec
    if spec.existing_secret:
        return ResolvedLogin(resolve_references.resolve_login(kode, inputs.secret))
    name = names.auth_secret(kode.metadata.name)
    if inputs.auth is not None and not is_owned(inputs.auth, kode.metadata.uid):
        raise Conflict(
            Reason.NOT_OWNED,
            f"Secret {name} exists and is not this Kode's: delete it, or rename the Kode",
        )
    stands = decode(inputs.auth, "password")
    generated = (((inputs.auth or {}).get("metadata") or {}).get("labels") or {}).get(
        labels.GENERATED
    )
    if spec.password:
        found = Credentials(spec.user or DEFAULT_USER, spec.password, name)
        return ResolvedLogin(found, secret_to_write=_secret(inputs, kode, found))
    if not stands:
        return ResolvedLogin(None)
    user = spec.user or decode(inputs.auth, "username") or DEFAULT_USER
    return ResolvedLogin(Credentials(user, stands, name), generated=generated == "true")


def sidecar_users(
    before: Sidecar | None, credentials: Credentials | None, fallback_password: str
) -> tuple[str, str]:
    """Return a sidecar's htpasswd file, and the value by which it remembers a login.

    Args:
        before: the sidecar as it was made last; None where there was none. Its value stays as long
            as user and password do.
        credentials: user and password; without them both are empty.
        fallback_password: a random value to take where none is kept.
    """
    if credentials is None:
        return "", ""
    kept = before is not None and kept_session(before.users, before.session, credentials)
    session = before.session if before and kept else fallback_password
    return htpasswd(credentials, session), session


def generate_credentials(inputs: LocalInputs, kode: Kode, password: str) -> ResolvedLogin:
    """Return a login with a password that the platform made up."""
    found = Credentials(
        kode.spec.user or DEFAULT_USER, password, names.auth_secret(kode.metadata.name)
    )
    return ResolvedLogin(
        found, generated=True, secret_to_write=_secret(inputs, kode, found, generated=True)
    )


def _secret(
    inputs: LocalInputs, kode: Kode, credentials: Credentials, *, generated: bool = False
) -> Object | None:
    meta = kode.metadata
    manifest = auth(meta.namespace, meta.name, meta.uid, credentials)
    if generated:
        manifest["metadata"]["labels"][labels.GENERATED] = "true"
    live = inputs.auth or {}
    marks = (live.get("metadata") or {}).get("labels")
    same = live.get("data") == manifest["data"] and marks == manifest["metadata"]["labels"]
    return None if same else manifest
