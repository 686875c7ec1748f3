"""Whether the operator lives and whether it is ready: /healthz and /readyz.

Rule: it is unhealthy only where a restart would help: a watch or a reconcile that is stuck. An API
server that does not answer is no reason to end. A loop that is stuck answers no probe at all.

Source: https://kubernetes.io/docs/reference/using-api/health-checks/
"""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from kode.controllers.inputs import KodeKey
from kode.kube.reflector import Reflector
from kode.workqueue import WorkQueue

_WATCH_TIMEOUT = 600.0
"""Seconds without an event, a bookmark, an answer or an error after which a watch is stuck."""
_RECONCILE_TIMEOUT = 600.0
"""Seconds after which a reconcile is stuck."""


class Health:
    """Looks at the parts of the operator when it is asked."""

    def __init__(self, reflectors: Sequence[Reflector], queue: WorkQueue[KodeKey]) -> None:
        """Take the parts.

        Args:
            reflectors: the watches.
            queue: the reconciles.
        """
        self._reflectors = reflectors
        self._queue = queue

    def stuck(self) -> str:
        """Return what is stuck; empty where nothing is."""
        for reflector in self._reflectors:
            if reflector.seconds_since_activity() > _WATCH_TIMEOUT:
                return f"the watch of {reflector.options.resource.plural} is stuck"
        if self._queue.longest_running() > _RECONCILE_TIMEOUT:
            return "a reconcile is stuck"
        return ""

    def unsynced(self) -> str:
        """Return what has not been listed yet; empty where all has been."""
        names = [it.options.resource.plural for it in self._reflectors if not it.synced.is_set()]
        return f"still listing {', '.join(names)}" if names else ""


async def serve(address: str, health: Health) -> web.AppRunner:
    """Answer on /healthz and /readyz, with 200 or with 503 and the reason.

    Args:
        address: host:port; port 0 for any that is free.
        health: is asked at each request.

    Returns:
        What to clean up in the end.
    """
    app = web.Application()
    app.router.add_get("/healthz", _answer(health.stuck))
    app.router.add_get("/readyz", _answer(health.unsynced))
    runner = web.AppRunner(app, handle_signals=False, access_log=None)
    await runner.setup()
    host, _, port = address.rpartition(":")
    await web.TCPSite(runner, host.strip("[]") or None, int(port)).start()
    return runner


def _answer(problem: Callable[[], str]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        text = problem()
        return web.Response(text=text or "ok", status=503 if text else 200)

    return answer
