"""What the exit code of a command says.

Rule: one number, one meaning, for every command; scripts may rely on them.
"""

from enum import IntEnum
from typing import Self

from kode.errors import Conflict, InvalidSpec, KodeError, NotReady, PlatformError, RefNotFound


class Exit(IntEnum):
    """An exit code, and what it says."""

    doc: str

    def __new__(cls, value: int, doc: str) -> Self:
        """Make a member from its number and its documentation."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member

    OK = 0, "What was asked for is done."
    REFUSED = 1, "What was given is wrong or not permitted; the message says what."
    USAGE = 2, "The command line itself is wrong."
    NOT_FOUND = 3, "What the command names does not exist."
    CONFLICT = 4, "Something of that name exists, or has changed meanwhile."
    NOT_READY = 5, "It did not come to be in time, or cannot come to be by waiting."
    PLATFORM = 6, "The platform is not there, or failed."
    INTERRUPTED = 130, "Ctrl-C."


_CODES: tuple[tuple[type[KodeError], Exit], ...] = (
    (InvalidSpec, Exit.REFUSED),
    (RefNotFound, Exit.NOT_FOUND),
    (Conflict, Exit.CONFLICT),
    (NotReady, Exit.NOT_READY),
    (PlatformError, Exit.PLATFORM),
)


def code(error: KodeError) -> Exit:
    """Return the exit code of an error."""
    return next((found for kind, found in _CODES if isinstance(error, kind)), Exit.PLATFORM)
