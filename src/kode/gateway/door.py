"""Who decides about a request to an editor.

Rule: deny by default. An editor is open only to those whom its own login, the sidecar or the
administrator's filters let in; where none of them can tell, the door is closed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kode.api.conditions import Reason
from kode.errors import InvalidSpec
from kode.gateway.authentication import authenticates
from kode.gateway.sidecar import Door


def choose(
    *,
    has_credentials: bool,
    editor_has_login: bool,
    auth_type: str | None,
    http_filters: Sequence[Mapping[str, Any]],
) -> Door:
    """Return the door of an editor.

    Args:
        has_credentials: whether the Kode has a user and a password.
        editor_has_login: whether the editor is known to ask for the password itself.
        auth_type: authType of the proxy config; None where there is no proxy config.
        http_filters: the proxy config's own filters.

    Raises:
        InvalidSpec: the proxy config asks for a password and the Kode has none.
    """
    if auth_type == "basic":
        if not has_credentials:
            raise InvalidSpec(
                Reason.INVALID_SPEC,
                "the proxy config asks for a password: set spec.password or spec.existingSecret",
            )
        return Door.BASIC
    if has_credentials:
        return Door.EDITOR if editor_has_login else Door.BASIC
    return Door.FILTERS if authenticates(http_filters) else Door.CLOSED
