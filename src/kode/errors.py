"""The five errors of the product.

Rule: one error, one meaning; each is mapped once to a condition and a next try (evaluate,
controllers) and once to what a user sees (cli). Domain code knows no status codes.
"""

from dataclasses import dataclass

from kode.api.conditions import Reason as Reason  # noqa: PLC0414 - what is raised names one


@dataclass(eq=False)
class KodeError(Exception):
    """Something that a user should know, with the reason that names it.

    Attributes:
        reason: the stable name, from one enum.
        message: what is wrong and what to do, one sentence or two.
    """

    reason: Reason
    message: str

    def __str__(self) -> str:
        """Return the message alone: the reason is shown beside it."""
        return self.message


class InvalidSpec(KodeError):
    """A spec that no waiting fixes; tried again when it changes."""


class RefNotFound(KodeError):
    """A reference to something absent, broken or not permitted; tried again when that changes."""


class NotReady(KodeError):
    """Something that should come by itself; tried again after a while."""


class Conflict(KodeError):
    """An object in the way that is not ours; never adopted, overwritten or deleted."""


class PlatformError(KodeError):
    """The platform refused or failed; tried again with backoff."""


class Expired(PlatformError):
    """A watch cannot go on from where it was (reason Expired); list again."""
