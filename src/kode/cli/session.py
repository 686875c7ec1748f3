"""The platform and namespaces that one command works on.

Rule: what every command does in the same way is here: which namespaces, whether an object exists,
and what to suggest for a name that does not.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kode.api.conditions import Reason
from kode.api.kinds import KODE, Kind
from kode.cli.errors import CommandError
from kode.cli.exit_codes import ExitCode
from kode.errors import RefNotFound

if TYPE_CHECKING:
    from kode.api.meta import Object
    from kode.platform.port import Platform


@dataclass(frozen=True)
class Session:
    """A platform as one command sees it.

    Attributes:
        platform: where Kodes live.
        namespace: the namespace of objects that name none.
        all_namespaces: whether lists are of all namespaces.
        local: whether it is this machine.
    """

    platform: "Platform"
    namespace: str
    all_namespaces: bool = False
    local: bool = False

    @property
    def scope(self) -> str | None:
        """The namespace of lists; None for all."""
        return None if self.all_namespaces else self.namespace

    async def list_objects(self, kind: Kind) -> list["Object"]:
        """Return the objects of a kind within the scope."""
        scope = self.scope if kind.namespaced else None
        return list((await self.platform.list(kind.name, scope)).items)

    async def get(self, name: str, kind: Kind = KODE) -> "Object":
        """Return one object.

        Raises:
            CommandError: it does not exist; the hint names similar ones.
        """
        namespace = self.namespace if kind.namespaced else ""
        try:
            return await self.platform.get(kind.name, name, namespace)
        except RefNotFound as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            raise await self._not_found(name, kind) from None

    def is_platform_down(self) -> bool:
        """Tell whether this session is for the local platform and its daemon is not running."""
        if not self.local:
            return False
        import os

        from kode.platform.local.paths import Paths
        from kode.platform.local.status.daemon_info import find_daemon

        return find_daemon(Paths.of(os.environ)) is None

    async def _not_found(self, name: str, kind: Kind) -> CommandError:
        import difflib

        scope = f" in namespace {self.namespace}" if kind.namespaced else ""
        message = f"{kind.word} {name} does not exist{scope}"
        listing = await self.platform.list(kind.name, self.namespace if kind.namespaced else None)
        names = [str(item["metadata"]["name"]) for item in listing.items]
        similar = difflib.get_close_matches(name, names, n=3)
        if similar:
            hint = f"did you mean {' or '.join(similar)}?"
            return CommandError(ExitCode.NOT_FOUND, message, hint)
        shown = "kode list -A" if kind is KODE else f"kode get {kind.word}s -A"
        return CommandError(ExitCode.NOT_FOUND, message, f"{shown} lists what exists")
