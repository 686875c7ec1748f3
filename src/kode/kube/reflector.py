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

from kode.errors import Expired, PlatformError
from kode.kube.client import Client, ListOptions
from kode.kube.resources import version_of

_LOG = logging.getLogger(__name__)

_MIN_BACKOFF = 0.25
_MAX_BACKOFF = 15.0


class EventHandler(Protocol):
    """Where what is seen is put."""

    def on_upsert(self, item: dict[str, Any]) -> None:
        """Take an object as it is now."""

    def on_delete(self, item: dict[str, Any]) -> None:
        """Take that an object is gone."""

    def on_resync(self, seen: set[tuple[str, str]], version: int) -> None:
        """Take a complete list: other objects are gone."""


class Reflector:
    """Keeps an event handler true about the objects of one list."""

    def __init__(
        self,
        client: Client,
        options: ListOptions,
        handler: EventHandler,
        *,
        listing: asyncio.Semaphore,
        clock: Callable[[], float],
        contents: bool = True,
    ) -> None:
        """Prepare to follow.

        Args:
            client: the API server.
            options: the objects.
            handler: where they are put.
            listing: how many lists are read at a time, shared by all reflectors.
            clock: monotonic seconds.
            contents: whether the list itself is wanted, or only what changes after it.
        """
        self.options = options
        self.synced = asyncio.Event()
        """Set once the first list is complete."""
        self._client = client
        self._handler = handler
        self._listing = listing
        self._clock = clock
        self._contents = contents
        self._backoff = _MIN_BACKOFF
        self._last_activity = clock()

    def seconds_since_activity(self) -> float:
        """Return the seconds since anything happened: an event, a bookmark, an answer, an error."""
        return self._clock() - self._last_activity

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
                _LOG.info(
                    "watch %s: resource version expired; listing again",
                    self.options.resource.plural,
                )
                since = ""
            except _WatchInterrupted as cut:
                since = cut.since
                await self._back_off(cut.error)
            except PlatformError as error:
                await self._back_off(error)

    async def _list(self) -> str:
        async with self._listing:
            self._last_activity = self._clock()
            if self._contents:
                return await read_list(self._client, self.options, self._handler, self._mark_active)
            # What stands there is of no interest, only from where changes are to be followed.
            async with aclosing(self._client.pages(self.options, limit=1)) as pages:
                page = await anext(pages)
        self._handler.on_resync(set(), 0)
        return page.resource_version

    async def _follow(self, since: str) -> str:
        self._last_activity = self._clock()
        try:
            async with aclosing(self._client.watch(self.options, since)) as events:
                async for change, item in events:
                    self._mark_active()
                    since = str(version_of(item) or since)
                    if change != "BOOKMARK":
                        _take(self._handler, change, item)
        except Expired:
            raise
        except PlatformError as error:
            raise _WatchInterrupted(since, error) from error
        await asyncio.sleep(_MIN_BACKOFF)
        return since

    def _mark_active(self) -> None:
        self._last_activity = self._clock()
        self._backoff = _MIN_BACKOFF

    async def _back_off(self, error: PlatformError) -> None:
        self._last_activity = self._clock()
        pause = self._backoff * random.uniform(0.5, 1.5)  # noqa: S311
        _LOG.warning("%s; again in %.1f s", error, pause)
        self._backoff = min(self._backoff * 2, _MAX_BACKOFF)
        await asyncio.sleep(pause)


async def read_list(
    client: Client,
    options: ListOptions,
    handler: EventHandler,
    on_page: Callable[[], None] | None = None,
) -> str:
    """List all objects into a handler; return the version of the list.

    Args:
        client: the API server.
        options: the objects.
        handler: where they are put.
        on_page: called with each page, as a sign of life.

    Raises:
        PlatformError: the list could not be read.
    """
    seen: set[tuple[str, str]] = set()
    version = ""
    async with aclosing(client.pages(options)) as pages:
        async for page in pages:
            version = page.resource_version
            for item in page.items:
                _take(handler, "ADDED", item)
                metadata = item["metadata"]
                seen.add((metadata.get("namespace", ""), metadata["name"]))
            if on_page:
                on_page()
            # A page takes a while to take in; others want to run as well.
            await asyncio.sleep(0)
    handler.on_resync(seen, int(version) if version.isdecimal() else 0)
    return version


def _take(handler: EventHandler, change: str, item: dict[str, Any]) -> None:
    try:
        if change == "DELETED":
            handler.on_delete(item)
        else:
            handler.on_upsert(item)
    except Exception:  # noqa: BLE001 - see below
        # One odd object must not cost all others.
        _LOG.exception("failed to handle a %s", item.get("kind"))


class _WatchInterrupted(Exception):
    """A watch that broke, and where it can be taken up."""

    def __init__(self, since: str, error: PlatformError) -> None:
        super().__init__(str(error))
        self.since = since
        self.error = error
