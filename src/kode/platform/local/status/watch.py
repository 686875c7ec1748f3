"""A watch over Kodes, in which also is told what nobody writes: that their platform has ended.

Rule: a status is given as it may be believed at that moment. When the platform ends without a word,
each Kode whose status it leaves behind is given once more, under the version that it has.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress

from kode.api.meta import Object
from kode.platform.local.status.daemon_info import DaemonInfo
from kode.platform.local.status.statuses import with_credible_status
from kode.platform.port import WatchEvent

_POLL_INTERVAL = 0.25


async def watch_kodes(
    changes: AsyncGenerator[WatchEvent, None],
    run: Callable[[], DaemonInfo | None],
    kodes: Callable[[], Awaitable[Sequence[Object]]],
) -> AsyncGenerator[WatchEvent, None]:
    """Give the changes of Kodes, and what becomes of all of them when their platform ends.

    Args:
        changes: the changes as the store has them; closed in the end.
        run: returns the platform that runs; None where none does.
        kodes: returns the Kodes that are watched, as the store has them.
    """
    step = asyncio.ensure_future(anext(changes))
    # Whoever begins to watch may have listed while it still ran.
    lived = True
    try:
        while True:
            await asyncio.wait({step}, timeout=_POLL_INTERVAL)
            if step.done():
                change = step.result()
                step = asyncio.ensure_future(anext(changes))
                yield WatchEvent(change.type, with_credible_status(change.document, run()))
                continue
            now = run()
            if lived and now is None:
                for kode in await kodes():
                    credible = with_credible_status(kode, now)
                    if credible is not kode:
                        yield WatchEvent("MODIFIED", credible)
            lived = now is not None
    finally:
        step.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await step
        await changes.aclose()
