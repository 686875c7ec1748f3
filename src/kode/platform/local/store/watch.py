"""Watching the store: the changes after a version, for ever.

Rule: whoever wrote, this process or another, is noticed within a twentieth of a second; an idle
watch costs one look at shared memory each time and never touches the disk.

That look is `PRAGMA data_version`, on a connection that never writes and so sees everybody's
writes. It is quick enough for an event loop; what is then read comes from a thread.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection

from kode.platform.local.store.database import Database
from kode.platform.local.store.store import LocalStore
from kode.platform.port import WatchEvent

_SECONDS = 0.04


async def follow(
    store: LocalStore, since: str, kinds: Collection[str] = (), namespace: str | None = None
) -> AsyncGenerator[WatchEvent, None]:
    """Give the changes after a version.

    Args:
        store: where they are made.
        since: the version, of a listing or of the last change seen.
        kinds: of these kinds; all where it is empty.
        namespace: of this namespace; None for all.

    Raises:
        Expired: not all of them are known any more: list again.
        PlatformError: the store broke.
    """
    pulse = await asyncio.to_thread(Database, store.path)
    try:
        seen: int | None = None
        while True:
            beat = pulse.data_version()
            if beat == seen:
                await asyncio.sleep(_SECONDS)
                continue
            seen, complete = beat, False
            while not complete:
                batch = await asyncio.to_thread(store.changes, since, kinds, namespace)
                since, complete = batch.version, batch.complete
                for change in batch.changes:
                    yield change
    finally:
        pulse.close()
