"""kopf: the watches of what administrators write, its credentials, and the liveness endpoint.

Rule: kopf writes nothing, no annotation, no finalizer, no Event; it only tells what it sees. It
runs in a thread with a loop of its own, because it cancels every task of its loop when it ends.

It follows only the templates and proxy configs of the whole cluster: a recursive parser like its
own can be broken by one object, and everybody may write those of a namespace. And as it does not
tell when its first list is complete, nor what vanished while its watch was cut, the lists of these
few objects are read beside it, at the start and every minute (docs/adr).
"""

import asyncio
import contextlib
import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import kopf

from kode.api.meta import GROUP, VERSION
from kode.controllers.cache.reflector import Sink, read_list
from kode.controllers.cache.world import ReferentSink, World
from kode.controllers.process.login import log_in
from kode.errors import PlatformError
from kode.platform.kubernetes.client import Client, Scope
from kode.platform.kubernetes.kinds import REFERENTS

_LOG = logging.getLogger(__name__)

_KINDS = tuple(kind for kind in REFERENTS if not kind.namespaced)
_LIST_EVERY = 60.0
_TRY_AGAIN = 2.0
_AFTER_FAILURE = 2.0
_LONGEST_END = 5.0
# Told, because kopf would look for a user name, and the user of a container has none.
_IDENTITY: Any = "kode"


class Runtime:
    """kopf, and the lists beside it."""

    def __init__(
        self, client: Client, world: World, problem: Callable[[], str | None], liveness: str
    ) -> None:
        """Prepare to run.

        Args:
            client: the API server.
            world: where templates and proxy configs are put.
            problem: what is stuck; None where nothing is. Called from kopf's thread.
            liveness: host:port of the liveness endpoint; empty for none.
        """
        self.synced = asyncio.Event()
        """Set once the templates and proxy configs of the whole cluster have been read."""
        self._client = client
        self._sinks: dict[str, Sink] = {kind.name: ReferentSink(world, kind) for kind in _KINDS}
        self._problem = problem
        self._liveness = liveness
        self._stopping = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        """Ends the kopf that runs now."""
        self._up = threading.Event()
        self._thread: threading.Thread | None = None

    def ready(self) -> bool:
        """Tell whether what kopf follows has been read and is being watched."""
        return self.synced.is_set() and self._up.is_set()

    async def run(self) -> None:
        """Read the lists again and again; start kopf after the first time."""
        while True:
            try:
                for kind in _KINDS:
                    await read_list(self._client, Scope(kind), self._sinks[kind.name])
            except PlatformError as error:
                _LOG.warning("%s; again in %.1f s", error, _TRY_AGAIN)
                await asyncio.sleep(_TRY_AGAIN)
                continue
            self.synced.set()
            if self._thread is None:
                self._start()
            await asyncio.sleep(_LIST_EVERY)

    async def stop(self) -> None:
        """End kopf."""
        self._stopping.set()
        if self._thread is not None:
            self._stop()
            await asyncio.to_thread(self._thread.join, _LONGEST_END)

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        # A daemon: should kopf not end, the process ends without it.
        self._thread = threading.Thread(
            target=self._stay_up, args=(loop,), name="kopf", daemon=True
        )
        self._thread.start()

    def _stay_up(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stopping.is_set():
            try:
                asyncio.run(self._once(loop))
            except Exception as error:  # noqa: BLE001 - nothing else can be known of it
                # A watch that it cannot take up ends kopf; the lists bridge the time. Where it ends
                # again and again, its liveness endpoint is missing, and the pod is started anew.
                self._up.clear()
                _LOG.warning("kopf ended and is started again: %s", error)
                self._stopping.wait(_AFTER_FAILURE)

    async def _once(self, loop: asyncio.AbstractEventLoop) -> None:
        own, stop = asyncio.get_running_loop(), asyncio.Event()

        def end() -> None:
            # Where the loop is closed, kopf has ended by itself.
            with contextlib.suppress(RuntimeError):
                own.call_soon_threadsafe(stop.set)

        self._stop = end
        # Looked at after that, so that a stop in this moment is not missed.
        if self._stopping.is_set():
            return
        await kopf.operator(
            registry=self._registry(loop),
            settings=_settings(),
            standalone=True,
            clusterwide=True,
            identity=_IDENTITY,
            liveness_endpoint=f"http://{self._liveness}/healthz" if self._liveness else None,
            stop_flag=stop,
            ready_flag=self._up,
        )

    def _registry(self, loop: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()

        @kopf.on.login(registry=registry)
        def login(**_: Any) -> kopf.ConnectionInfo:
            return log_in()

        @kopf.on.probe(registry=registry, id="stuck", errors=kopf.ErrorsMode.PERMANENT)
        def stuck(**_: Any) -> str:
            problem = self._problem()
            if problem:
                raise kopf.PermanentError(problem)
            return "nothing"

        async def seen(event: kopf.RawEvent, **_: Any) -> None:
            loop.call_soon_threadsafe(self._take, event["type"], dict(event["object"]))

        for kind in _KINDS:
            kopf.on.event(GROUP, VERSION, kind.plural, registry=registry, id=kind.name)(seen)
        return registry

    def _take(self, change: str | None, found: dict[str, Any]) -> None:
        sink = self._sinks[found["kind"]]
        if change == "DELETED":
            sink.remove(found)
        else:
            sink.put(found)


class _Backoffs:
    """Pauses between the tries of a request, without end: trouble of the API server passes."""

    def __iter__(self) -> Iterator[float]:
        return itertools.chain((0.2, 1.0, 3.0), itertools.repeat(10.0))


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    # Kinds and namespaces are known: no right to find them out is needed.
    settings.scanning.disabled = True
    settings.networking.error_backoffs = _Backoffs()
    settings.watching.server_timeout = 300
    settings.watching.connect_timeout = 10
    # A worker that waits for more about its object costs memory; there is nothing to batch.
    settings.queueing.idle_timeout = 0.05
    settings.process.ultimate_exiting_timeout = None
    return settings
