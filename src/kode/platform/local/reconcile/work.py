"""What one pass over a Kode has found and done so far.

Rule: it lives as long as its pass, and nobody else's pass sees it.
"""

from kode.errors import KodeError, NotReady
from kode.platform.local.reconcile.gather import Inputs
from kode.platform.local.reconcile.resolve import ResolvedInputs
from kode.platform.local.reconcile.revision import Revision
from kode.platform.local.runtime.plan import Plan
from kode.platform.local.store.objects import Key


class Work:
    """The working state of one pass."""

    def __init__(
        self,
        key: Key,
        inputs: Inputs,
        resolved: ResolvedInputs,
        instance: str,
        before: Revision | None,
    ) -> None:
        self.key = key
        self.inputs = inputs
        self.resolved = resolved
        self.instance = instance
        self.before = before
        self.plan: Plan | None = None
        self.revision: Revision | None = None
        self.pending = False
        self.home_claim = ""
        self.lost = False
        self.problems: list[KodeError] = []
        self.unsupported: tuple[str, ...] = ()

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
        return [*self.resolved.problems, *here]
