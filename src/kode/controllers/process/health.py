"""Whether the operator lives and whether it is ready.

Rule: it is unhealthy only where a restart would help: a loop, a watch or a pass that is stuck. An
API server that does not answer is no reason to end.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from aiohttp import web

from kode.controllers.cache.reflector import Reflector
from kode.controllers.queue import Queue

_LOG = logging.getLogger(__name__)

_EVERY = 5.0
_LONGEST_BEAT = 60.0
"""Seconds without a beat after which the loop is stuck."""
_LONGEST_SILENCE = 600.0
"""Seconds without an event, a bookmark, an answer or an error after which a watch is stuck."""
_LONGEST_PASS = 600.0


class Pulse:
    """Looks at the parts of the operator again and again; may be asked from another thread."""

    def __init__(
        self, reflectors: Sequence[Reflector], queue: Queue, clock: Callable[[], float]
    ) -> None:
        """Watch over the parts.

        Args:
            reflectors: the watches.
            queue: the passes.
            clock: monotonic seconds.
        """
        self._reflectors = reflectors
        self._queue = queue
        self._clock = clock
        self._beat = clock()
        self._found: str | None = None

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self._found = self._look()
            self._beat = self._clock()
            await asyncio.sleep(_EVERY)

    def problem(self) -> str | None:
        """Return what is stuck; None where nothing is."""
        if self._clock() - self._beat > _LONGEST_BEAT:
            return "the loop is stuck"
        return self._found

    def ready(self) -> bool:
        """Tell whether all that exists has been read once."""
        return all(reflector.synced.is_set() for reflector in self._reflectors)

    def _look(self) -> str | None:
        for reflector in self._reflectors:
            if reflector.silence() > _LONGEST_SILENCE:
                return f"the watch of {reflector.scope.kind.plural} is stuck"
        if self._queue.longest_run() > _LONGEST_PASS:
            return "a pass is stuck"
        return None


async def serve(address: str, ready: Callable[[], bool]) -> web.AppRunner:
    """Answer on /readyz with 200 or 503; return what to clean up in the end.

    Args:
        address: host:port.
        ready: whether the operator is ready.
    """

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text="ready") if ready() else web.Response(text="reading", status=503)

    app = web.Application()
    app.router.add_get("/readyz", readyz)
    runner = web.AppRunner(app, handle_signals=False, access_log=None)
    await runner.setup()
    host, _, port = address.rpartition(":")
    await web.TCPSite(runner, host.strip("[]") or None, int(port)).start()
    return runner
