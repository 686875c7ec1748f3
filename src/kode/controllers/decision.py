"""What one pass decides to write.

Rule: the order of writes is the order here; each is safe to repeat and safe to lose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kode.api.meta import Object
from kode.controllers.inputs import ChildKey
from kode.evaluate.conditions import Observation
from kode.evaluate.events import KodeEvent


@dataclass(frozen=True)
class Apply:
    """Make an object, or put it right.

    Attributes:
        manifest: the whole desired object.
        live: the object as observed; None when there is none, and then one that turns out to
            exist must not be overwritten.
    """

    manifest: Object
    live: Object | None

    def __repr__(self) -> str:
        """Return which object it is, and nothing of what a Secret holds."""
        verb = "make" if self.live is None else "put right"
        return f"Apply({verb} {self.manifest['kind']} {self.manifest['metadata']['name']})"


class Expand(Apply):
    """Make a claim larger, which its storage class may refuse; then the claim stays as it is."""


@dataclass(frozen=True)
class Patch:
    """Merge a few fields into an object that exists.

    Attributes:
        child: the object; kind Kode for the Kode itself.
        uid: the uid that the object must still have.
        resource_version: the version that it must still have; None for any.
        body: a JSON merge patch (RFC 7386).
    """

    child: ChildKey
    uid: str
    resource_version: str | None
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Delete:
    """Delete an object of ours that is no longer desired.

    Attributes:
        child: the object.
        uid: the uid that it must still have.
        foreground: whether it is to stay until what it owns is gone.
    """

    child: ChildKey
    uid: str
    foreground: bool = False


Write = Apply | Patch | Delete


@dataclass(frozen=True)
class Decision:
    """The outcome of one pass.

    Attributes:
        writes: in order; the first failure ends the pass, and status is reported all the same.
        status: the whole status to write; None when it stands as it should.
        defer_status: True when status tells only of progress, which will soon be another: the
            shell may leave it to the next pass, which it must then bring about soon (this keeps
            writes per Kode low).
        events: events to record, only together with a written status.
        requeue_after: seconds until the next pass at the latest; None to wait for a change.
        observation: what status was evaluated from; None where there is no Kode.
    """

    writes: tuple[Write, ...] = ()
    status: Mapping[str, Any] | None = None
    defer_status: bool = False
    events: tuple[KodeEvent, ...] = ()
    requeue_after: float | None = None
    observation: Observation | None = field(default=None, repr=False, compare=False)
