"""Who decides about a request to an editor.

Rule: deny by default. Where there is a password the sidecar asks for it, whatever the editor is;
else the administrator's filters decide, and where they cannot tell, access is denied.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.gateway.authentication import authenticates
from kode.gateway.sidecar import AuthMode


def choose(
    *,
    has_credentials: bool,
    auth_type: str | None,
    http_filters: Sequence[Mapping[str, Any]],
) -> AuthMode:
    """Return who decides about requests to an editor.

    Args:
        has_credentials: whether the Kode has a user and a password.
        auth_type: authType of the proxy config; None where there is no proxy config.
        http_filters: the proxy config's own filters.

    Raises:
        InvalidSpec: the proxy config asks for a password and the Kode has none.
    """
    if has_credentials:
        return AuthMode.BASIC
    if auth_type == "basic":
        raise InvalidSpec(
            Reason.INVALID_SPEC,
            "the proxy config asks for a password: set spec.password or spec.existingSecret",
        )
    return AuthMode.FILTERS if authenticates(http_filters) else AuthMode.DENY
