"""One list and one watch that keep a cache true.

Rule: a cut connection is taken up where it broke; only where the server has forgotten that place is
the list read again, and then what vanished in between is taken out. Trouble never ends a reflector.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Protocol

from kode.controllers.cache.store import version_of
from kode.errors import PlatformError
from kode.platform.kubernetes.client import Client, Scope
from kode.platform.port import Expired

_LOG = logging.getLogger(__name__)

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 15.0


class Sink(Protocol):
    """Where what is seen is put."""

    def put(self, found: dict[str, Any]) -> None:
        """Take an object as it is now."""

    def remove(self, found: dict[str, Any]) -> None:
        """Take that an object is gone."""

    def keep(self, seen: set[tuple[str, str]], version: int) -> None:
        """Take a complete list: other objects are gone."""


class Reflector:
    """Follows the objects of one scope."""

    def __init__(
        self,
        client: Client,
        scope: Scope,
        sink: Sink,
        *,
        listing: asyncio.Semaphore,
        clock: Callable[[], float],
        contents: bool = True,
    ) -> None:
        """Prepare to follow.

        Args:
            client: the API server.
            scope: the objects.
            sink: where they are put.
            listing: how many lists are read at a time, shared by all reflectors.
            clock: monotonic seconds.
            contents: whether the list itself is wanted, or only what changes after it.
        """
        self.scope = scope
        self.synced = asyncio.Event()
        """Set once the first list is complete."""
        self._client = client
        self._sink = sink
        self._listing = listing
        self._clock = clock
        self._contents = contents
        self._pause = _FIRST_PAUSE
        self._last_sign = clock()

    def silence(self) -> float:
        """Return the seconds since anything happened: an event, a bookmark, an answer, an error."""
        return self._clock() - self._last_sign

    async def run(self) -> None:
        """Follow for ever."""
        since = ""
        while True:
            try:
                if not since:
                    since = await self._list()
                    self.synced.set()
                since = await self._follow(since)
            except Expired:
                _LOG.info("watch %s: too old to go on; listing again", self.scope.kind.plural)
                since = ""
            except _Cut as cut:
                since = cut.since
                await self._rest(cut.error)
            except PlatformError as error:
                await self._rest(error)

    async def _list(self) -> str:
        async with self._listing:
            self._last_sign = self._clock()
            if self._contents:
                return await read_list(self._client, self.scope, self._sink, self._sign)
            # What stands there is of no interest, only from where changes are to be followed.
            async with aclosing(self._client.pages(self.scope, limit=1)) as pages:
                page = await anext(pages)
        self._sink.keep(set(), 0)
        return page.resource_version

    async def _follow(self, since: str) -> str:
        self._last_sign = self._clock()
        try:
            async with aclosing(self._client.watch(self.scope, since)) as events:
                async for change, found in events:
                    self._sign()
                    since = str(version_of(found) or since)
                    if change != "BOOKMARK":
                        _take(self._sink, change, found)
        except Expired:
            raise
        except PlatformError as error:
            raise _Cut(since, error) from error
        await asyncio.sleep(_FIRST_PAUSE)
        return since

    def _sign(self) -> None:
        self._last_sign = self._clock()
        self._pause = _FIRST_PAUSE

    async def _rest(self, error: PlatformError) -> None:
        self._last_sign = self._clock()
        pause = self._pause * random.uniform(0.5, 1.5)  # noqa: S311
        _LOG.warning("%s; again in %.1f s", error, pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        await asyncio.sleep(pause)


async def read_list(
    client: Client, scope: Scope, sink: Sink, sign: Callable[[], None] | None = None
) -> str:
    """Put all objects of a scope into a sink; return the version of the list.

    Args:
        client: the API server.
        scope: the objects.
        sink: where they are put.
        sign: called with each page, as a sign of life.

    Raises:
        PlatformError: the list could not be read.
    """
    seen: set[tuple[str, str]] = set()
    version = ""
    async with aclosing(client.pages(scope)) as pages:
        async for page in pages:
            version = page.resource_version
            for found in page.items:
                _take(sink, "ADDED", found)
                metadata = found["metadata"]
                seen.add((metadata.get("namespace", ""), metadata["name"]))
            if sign:
                sign()
            # A page takes a while to take in; others want to run as well.
            await asyncio.sleep(0)
    sink.keep(seen, int(version) if version.isdecimal() else 0)
    return version


def _take(sink: Sink, change: str, found: dict[str, Any]) -> None:
    try:
        if change == "DELETED":
            sink.remove(found)
        else:
            sink.put(found)
    except Exception:  # noqa: BLE001 - see below
        # One odd object must not cost all others.
        _LOG.exception("cannot take in a %s", found.get("kind"))


class _Cut(Exception):
    """A watch that broke, and where it can be taken up."""

    def __init__(self, since: str, error: PlatformError) -> None:
        super().__init__(str(error))
        self.since = since
        self.error = error
