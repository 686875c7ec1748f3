"""The exit codes of commands.

Rule: a number has the same meaning for every command; scripts may rely on it.
"""

from enum import IntEnum
from typing import Self

from kode.errors import Conflict, InvalidSpec, KodeError, NotReady, PlatformError, RefNotFound


class ExitCode(IntEnum):
    """An exit code and its meaning."""

    doc: str

    def __new__(cls, value: int, doc: str) -> Self:
        """Make a member from its number and its documentation."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member

    OK = 0, "Success."
    REFUSED = 1, "The input is invalid or not permitted; the message says why."
    USAGE = 2, "The command line is invalid."
    NOT_FOUND = 3, "An object that the command names does not exist."
    CONFLICT = 4, "The object already exists, or was modified meanwhile."
    NOT_READY = 5, "The change did not take effect in time, or cannot by waiting."
    PLATFORM = 6, "The platform is down, or failed."
    INTERRUPTED = 130, "Interrupted by Ctrl-C."


_CODES: tuple[tuple[type[KodeError], ExitCode], ...] = (
    (InvalidSpec, ExitCode.REFUSED),
    (RefNotFound, ExitCode.NOT_FOUND),
    (Conflict, ExitCode.CONFLICT),
    (NotReady, ExitCode.NOT_READY),
    (PlatformError, ExitCode.PLATFORM),
)


def exit_code(error: KodeError) -> ExitCode:
    """Return the exit code of an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.PLATFORM)
