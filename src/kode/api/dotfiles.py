"""Dotfiles: a user's own settings, kept in a git repository.

Rule: what git or a shell would take for an option, a transport of its own or a password is no URL
here.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from kode.api.meta import Model

_HOST = r"([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])"
_USER = r"[A-Za-z0-9][A-Za-z0-9._~%+-]*@"
_URL = (
    # Before the host of http stands a token or a password, and a URL is shown to everybody.
    rf"^((https?|git)://{_HOST}(:[0-9]{{1,5}})?(/[!-~]*)?"
    rf"|ssh://({_USER})?{_HOST}(:[0-9]{{1,5}})?(/[!-~]*)?"
    rf"|{_USER}{_HOST}:[!-,.-~][!-~]*|file:///[!-~]+)$"
)


def _is_url(text: str) -> str:
    if not re.fullmatch(_URL.removesuffix("$"), text):
        raise ValueError(
            "must be a URL of git without a password or a token: https://host/path, ssh://, "
            "git://, file:/// or user@host:path"
        )
    return text


Repository = Annotated[
    str,
    Field(min_length=1, max_length=1024, json_schema_extra={"pattern": _URL}),
    AfterValidator(_is_url),
]
"""The URL of a git repository."""


class Dotfiles(Model):
    """A git repository of settings, brought into the home before the editor starts.

    It stands in ~/.dotfiles. Changes made there by hand are kept: then it is not updated.
    """

    repository: Annotated[
        Repository,
        Field(description="URL of the repository: https, ssh, git, file or user@host:path."),
    ]
    ref: Annotated[
        str | None,
        Field(
            description="Branch, tag or commit; the repository's default branch when left out.",
            min_length=1,
            max_length=255,
            pattern=r"^[A-Za-z0-9_][A-Za-z0-9._/+@-]*$",
        ),
    ] = None
    install: Annotated[
        str | None,
        Field(
            description="Command line for sh, run in ~/.dotfiles when what is there or this "
            "command has changed. When left out it is install.sh, bootstrap.sh or setup.sh, the "
            "first that there is; without any, each file whose path begins with a dot is linked "
            "into the home.",
            min_length=1,
            max_length=1024,
            pattern=r"^[^\x00]+$",
        ),
    ] = None
