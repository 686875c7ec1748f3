"""What one pass over a Kode has found and done so far.

Rule: it lives as long as its pass, and nobody else's pass sees it.
"""

from kode.errors import KodeError, NotReady
from kode.platform.local.gather import Seen
from kode.platform.local.made import Made
from kode.platform.local.meaning import Understood
from kode.platform.local.plan.plan import Plan
from kode.platform.local.store.entry import Key


class Work:
    """The working state of one pass."""

    def __init__(
        self,
        key: Key,
        seen: Seen,
        understood: Understood,
        instance: str,
        before: Made | None,
    ) -> None:
        self.key = key
        self.seen = seen
        self.understood = understood
        self.instance = instance
        self.before = before
        self.plan: Plan | None = None
        self.made: Made | None = None
        self.pending = False
        self.home_claim = ""
        self.lost = False
        self.problems: list[KodeError] = []
        self.not_here: tuple[str, ...] = ()

    @property
    def installing(self) -> bool:
        """Whether all that it waits for is its editor's install."""
        return bool(self.notes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is on its way."""
        return tuple(str(it) for it in self.problems if isinstance(it, NotReady))

    @property
    def all_problems(self) -> list[KodeError]:
        """What stands in the way and does not come by itself."""
        here = [it for it in self.problems if not isinstance(it, NotReady)]
        return [*self.understood.problems, *here]
