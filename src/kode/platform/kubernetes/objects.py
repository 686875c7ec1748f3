"""The verbs of a person on a cluster: what they write is theirs, and what others wrote stays.

Rule: every write names its field manager, and unknown fields are refused, never dropped.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from kode.api.meta import Object
from kode.platform.kubernetes.depth import loads
from kode.platform.kubernetes.failures import UNTYPED, Exists, Refused
from kode.platform.kubernetes.kinds import Kind
from kode.platform.kubernetes.transport import Reply, Request, Transport
from kode.platform.kubernetes.wire import encode

MANAGER = "kode-cli"
"""Field manager of what a person's documents say."""

SWITCH = "kode-switch"
"""Field manager of stop, start and restart: another one, so that a document that does not speak of
them leaves them as they are when it is applied again."""

OURS = frozenset({MANAGER, SWITCH})

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_STRICT = {"fieldManager": MANAGER, "fieldValidation": "Strict"}
_SERVERS_OWN = ("managedFields", "creationTimestamp", "generation", "selfLink", "deletionTimestamp")


@dataclass(frozen=True)
class Spot:
    """Where an object stands, or would.

    Attributes:
        kind: its kind.
        namespace: its namespace; empty where its kind has none.
        name: its name; empty for all of the kind.
    """

    kind: Kind
    namespace: str
    name: str = ""

    def __str__(self) -> str:
        """Return what people call it."""
        place = f"{self.namespace}/" if self.kind.namespaced and self.namespace else ""
        return f"{self.kind.name} {place}{self.name}".strip()

    @property
    def path(self) -> str:
        """Its path at the API server."""
        return self.kind.path(self.namespace, self.name)


class Objects:
    """What a person reads and writes."""

    def __init__(self, transport: Transport) -> None:
        """Speak through a transport."""
        self._transport = transport

    async def get(self, spot: Spot) -> dict[str, Any]:
        """Return an object."""
        return _object(await self._transport.ask(Request("GET", spot.path, f"get {spot}")))

    async def create(self, spot: Spot, document: Object, *, dry: bool = False) -> dict[str, Any]:
        """Make an object; return it as it stands.

        Args:
            spot: where.
            document: the object.
            dry: whether the server only says what it would answer.
        """
        path, what = spot.kind.path(spot.namespace), f"create {spot}"
        params = {**_STRICT, "dryRun": "All"} if dry else _STRICT
        return _object(
            await self._transport.ask(Request("POST", path, what, params, encode(document)))
        )

    async def replace(self, spot: Spot, document: Object) -> dict[str, Any]:
        """Replace an object; return it as it stands."""
        request = Request("PUT", spot.path, f"replace {spot}", _STRICT, encode(document))
        return _object(await self._transport.ask(request))

    async def apply(self, spot: Spot, document: Object, *, force: bool) -> Reply:
        """Apply a document; return the answer.

        Args:
            spot: where.
            document: all that it wants.
            force: whether to take over what others own.
        """
        try:
            return await self._apply(spot, document, force=force)
        except Refused as refused:
            if UNTYPED in str(refused):
                # An apply is refused for the first field alone; a create names all.
                with suppress(Exists):
                    await self.create(spot, document, dry=True)
            raise

    async def _apply(self, spot: Spot, document: Object, *, force: bool) -> Reply:
        metadata = {
            key: value for key, value in document["metadata"].items() if key not in _SERVERS_OWN
        }
        meant = {**document, "metadata": metadata}
        meant.pop("status", None)
        params = {**_STRICT, "force": "true"} if force else _STRICT
        return await self._transport.ask(
            Request("PATCH", spot.path, f"apply {spot}", params, encode(meant), _APPLY)
        )

    async def switch(self, spot: Spot, body: Mapping[str, Any]) -> dict[str, Any]:
        """Merge a patch into an object; return it as it stands."""
        params = {"fieldManager": SWITCH}
        return _object(
            await self._transport.ask(
                Request("PATCH", spot.path, f"patch {spot}", params, orjson.dumps(body), _MERGE)
            )
        )

    async def delete(self, spot: Spot, uid: str = "") -> None:
        """Ask for an object to go; in the background.

        Args:
            spot: where.
            uid: the uid that it must have; empty for any.
        """
        options: dict[str, Any] = {"propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        request = Request("DELETE", spot.path, f"delete {spot}", {}, orjson.dumps(options))
        await self._transport.ask(request)


def _object(reply: Reply) -> dict[str, Any]:
    found = loads(reply.body)
    return found if isinstance(found, dict) else {}
