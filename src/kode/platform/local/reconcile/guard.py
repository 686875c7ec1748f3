"""What guards an editor: the sidecar that is desired now, or what is left of the one before it.

Rule: who may come in follows the Kode at once. Only filters and clusters may be those of before,
and only where those of now cannot be had: because Envoy refuses them, or nothing can be resolved.
"""

from dataclasses import replace

from kode.desired.desired_state import DesiredState
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.platform.local.reconcile.credentials import sidecar_users
from kode.render.resolve import Credentials


def desired_sidecar(
    desired: DesiredState, upstream: Upstream, before: Sidecar | None, session: str
) -> Sidecar:
    """Return the sidecar that is desired now.

    Args:
        desired: what the Kode means.
        upstream: the editor, as it runs or is about to.
        before: the sidecar of before; None where there was none.
        session: a random value by which a new login can be remembered.
    """
    users, session = sidecar_users(before, desired.kode.credentials, session)
    return replace(desired.sidecar, upstream=upstream, users=users, session=session)


def unresolved_sidecar(before: Sidecar, credentials: Credentials | None, session: str) -> Sidecar:
    """Return the sidecar of an editor that goes on though nothing else can be resolved.

    Args:
        before: the sidecar of before.
        credentials: user and password; None where they are not known either.
        session: a random value by which a new login can be remembered.
    """
    if credentials is None:
        return before
    users, session = sidecar_users(before, credentials, session)
    return replace(before, auth_mode=AuthMode.BASIC, users=users, session=session)
