"""One command's stay on one platform.

Rule: what every command asks the same way is asked here: which namespaces, is it there, what is
meant by a name that is not.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kode.api.conditions import Reason
from kode.cli.exits import Exit
from kode.cli.failures import Failure
from kode.cli.kinds import KODE, Kind
from kode.errors import RefNotFound

if TYPE_CHECKING:
    from kode.api.meta import Object
    from kode.platform.port import Platform


@dataclass(frozen=True)
class Session:
    """A platform as one command sees it.

    Attributes:
        platform: where Kodes live.
        namespace: of what names none.
        everywhere: whether listings are about all namespaces.
        local: whether it is this machine.
    """

    platform: "Platform"
    namespace: str
    everywhere: bool = False
    local: bool = False

    @property
    def scope(self) -> str | None:
        """The namespace of listings; None for all."""
        return None if self.everywhere else self.namespace

    async def items(self, kind: Kind) -> list["Object"]:
        """Return the objects of a kind within the scope."""
        scope = self.scope if kind.namespaced else None
        return list((await self.platform.list(kind.name, scope)).items)

    async def find(self, name: str, kind: Kind = KODE) -> "Object":
        """Return one object.

        Raises:
            Failure: there is none of that name; the next step names similar ones.
        """
        namespace = self.namespace if kind.namespaced else ""
        try:
            return await self.platform.get(kind.name, name, namespace)
        except RefNotFound as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            raise await self._absent(name, kind) from None

    def asleep(self) -> bool:
        """Tell whether nobody is there to do what objects say: the platform here is down."""
        if not self.local:
            return False
        import os

        from kode.platform.local.paths import Paths
        from kode.platform.local.status.daemon_info import find_daemon

        return find_daemon(Paths.of(os.environ)) is None

    async def _absent(self, name: str, kind: Kind) -> Failure:
        import difflib

        where = f" in namespace {self.namespace}" if kind.namespaced else ""
        message = f"{kind.word} {name} does not exist{where}"
        listing = await self.platform.list(kind.name, self.namespace if kind.namespaced else None)
        names = [str(item["metadata"]["name"]) for item in listing.items]
        close = difflib.get_close_matches(name, names, n=3)
        if close:
            return Failure(Exit.NOT_FOUND, message, f"did you mean {' or '.join(close)}?")
        shown = "kode list -A" if kind is KODE else f"kode get {kind.word}s -A"
        return Failure(Exit.NOT_FOUND, message, f"{shown} shows what exists")
