"""The platform's own program: follows the store, reconciles Kodes, keeps the gateway.

Rule: level-triggered: a change only says which Kode to look at. No Kode is reconciled twice at
once; what fails is tried again ever more slowly, and nothing here waits for a disk in the event
loop once it runs. What takes long (an install, an end) goes on beside it.
"""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.metadata import version

from kode.errors import Expired, KodeError
from kode.evaluate import standing
from kode.platform.local.daemon_control import DaemonOptions
from kode.platform.local.gateway import LocalGateway
from kode.platform.local.paths import Paths
from kode.platform.local.program import ProgramPhase
from kode.platform.local.reconcile.host_resources import HostResources
from kode.platform.local.reconcile.reconcile import Dependencies, LocalReconciler, kode_key
from kode.platform.local.reconcile.routes import NO_GATEWAY, Routes
from kode.platform.local.shim import procfs
from kode.platform.local.status import statuses
from kode.platform.local.status.daemon_info import DaemonInfo, info_path, write
from kode.platform.local.status.statuses import KODE, Statuses
from kode.platform.local.store.objects import CLAIM, SECRET, STORED, Key
from kode.platform.local.store.store import LocalStore
from kode.platform.local.store.watch import follow
from kode.platform.local.supervisor.supervisor import Supervisor
from kode.platform.local.templates.shipped_templates import documents, install_templates
from kode.platform.port import WatchEvent
from kode.workqueue import MIN_DELAY, WorkQueue

_LOG = logging.getLogger(__name__)

_GATEWAY = "door"
_RESYNC_PERIOD = 60.0
"""Seconds after which every Kode is looked at again; so also what failed is tried at least once."""
_BATCH_SECONDS = 0.005
"""Changes that come together, a Kode and its template for example, are looked at together."""
_WORKERS = 8
"""Kodes at a time; they share an update of the gateway."""

# What is in the queue besides Kodes, in the words of the log.
_INFO = "writing that the platform runs"
_VOLUMES = "deleting files"
_RESYNC = "reading the store"
_WITHDRAW = "reporting that the gateway is lost"

_FOLLOW = "following the store"
_STOPPING = "reporting that the platform stops"
_STOPPED = "reporting that the platform has stopped"


class Daemon:
    """One platform, while its program runs."""

    def __init__(self, paths: Paths, options: DaemonOptions) -> None:
        """Open the store; nothing runs yet.

        Raises:
            PlatformError: the store cannot be used.
        """
        self._paths = paths
        self._options = options
        self._store = LocalStore(paths.store)
        self._statuses = Statuses(self._store)
        self._supervisor = Supervisor(paths, self._on_program_change)
        self._gateway = LocalGateway(paths, options.address, options.port)
        self._queue: WorkQueue[Key | str] = WorkQueue(time.monotonic)
        self._routes = Routes(self._gateway, self._queue.add)
        self._reconciler = LocalReconciler(
            Dependencies(
                store=self._store,
                statuses=self._statuses,
                supervisor=self._supervisor,
                paths=paths,
                host_resources=HostResources(paths, self._queue.add),
                routes=self._routes,
                url=options.url,
                enqueue=self._queue.add,
            )
        )
        self._chores: dict[str, Callable[[], Awaitable[object]]] = {
            _INFO: self._refresh_info,
            _VOLUMES: self._delete_volumes,
            _RESYNC: self._list,
        }
        self._applying = asyncio.Lock()
        """Held while what runs is changed: Kodes share folders, ports and the editors' installs."""
        self._kodes: set[Key] = set()
        """The Kodes in the store, so far as its changes were followed."""
        self._unsynced: set[Key] | None = None
        """Kodes not yet looked at since the start; None before it is known which there are."""
        self._withdrawals: set[asyncio.Task[None]] = set()
        """Take back that Kodes are Ready, since the gateway was lost."""
        self._last_info: DaemonInfo | None = None
        self._logged: dict[str, str] = {}
        self._since = time.time()
        self._ending = False

    async def run(self) -> None:
        """Run until a signal asks for the end; then nothing of it is left."""
        ending = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, ending.set)
        # Before anybody can know that this platform runs: what its Kodes were is not what they are.
        await self._statuses.begin()
        self._write_info()
        await asyncio.to_thread(install_templates, self._store, documents())
        await self._supervisor.recover()
        await self._supervisor.run(self._gateway.program())
        leftovers = await self._reconciler.load()
        parts = (self._follow(leftovers), self._queue.run(self._reconcile, _WORKERS))
        tasks = [asyncio.create_task(part) for part in parts]
        waiting = asyncio.create_task(ending.wait())
        done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, waiting):
            task.cancel()
        await asyncio.gather(*tasks, waiting, return_exceptions=True)
        await self._routes.close()
        if waiting in done:
            await self._end()
            return
        # A fault of ours costs nobody an editor: the next platform finds it running.
        await self._supervisor.close(leave_running=True)
        for task in done:
            task.result()

    async def _end(self) -> None:
        _LOG.info("stopping")
        self._ending = True
        self._write_info()
        await self._try(_STOPPING, self._statuses.withdraw(standing.stopping))
        keys = sorted(self._supervisor.keys(), key=lambda key: key == _GATEWAY)
        await asyncio.gather(*(self._supervisor.stop(key) for key in keys))
        await self._reconciler.close()
        await self._supervisor.close(leave_running=False)
        await asyncio.gather(*self._withdrawals)
        await self._try(_STOPPED, asyncio.to_thread(statuses.stop, self._store))
        info_path(self._paths).unlink(missing_ok=True)
        self._store.close()
        _LOG.info("stopped")

    # What is to be reconciled

    async def _follow(self, leftovers: set[Key]) -> None:
        """Enqueue what changes in the store, for ever.

        Args:
            leftovers: Kodes that something is left of, whether or not they are in the store.
        """
        for key in leftovers:
            self._queue.add(key)
        delay = MIN_DELAY
        while True:
            try:
                since = await self._list()
                if self._unsynced is None:
                    self._unsynced = self._kodes | leftovers
                    self._write_info()
                async for event in follow(self._store, since, STORED):
                    delay = MIN_DELAY
                    self._logged.pop(_FOLLOW, None)
                    self._on_change(event)
            except Expired:
                continue
            except (KodeError, OSError) as error:
                self._log_once(_FOLLOW, error)
                await asyncio.sleep(delay)
                delay = min(2 * delay, _RESYNC_PERIOD)

    async def _list(self) -> str:
        """Enqueue every Kode; return the version after which changes are to be followed."""
        listing = await asyncio.to_thread(self._store.list, KODE)
        self._kodes = {Key.of(item) for item in listing.items}
        self._enqueue_all()
        self._queue.add_after(_RESYNC, _RESYNC_PERIOD)
        return listing.version

    def _on_change(self, event: WatchEvent) -> None:
        document = event.document
        kind, metadata = document["kind"], document["metadata"]
        if kind == KODE:
            key = Key.of(document)
            (self._kodes.discard if event.type == "DELETED" else self._kodes.add)(key)
            self._queue.add_after(key, _BATCH_SECONDS)
        else:
            # Few Kodes, and a reconcile that changes nothing is quick: all of them look.
            self._enqueue_all(metadata["namespace"] if kind in (SECRET, CLAIM) else None)
        if kind == CLAIM:
            self._queue.add_after(_VOLUMES, _BATCH_SECONDS)

    def _enqueue_all(self, namespace: str | None = None) -> None:
        programs = self._supervisor.keys()
        running = {kode_key(program) for program in programs if program != _GATEWAY}
        for key in sorted(self._kodes | running):
            if namespace in (None, key.namespace):
                self._queue.add_after(key, _BATCH_SECONDS)

    # Reconciling

    async def _reconcile(self, item: Key | str) -> None:
        """Reconcile a Kode, or do what else is in the queue."""
        try:
            if isinstance(item, str):
                await self._chores[item]()
                done = True
            else:
                done = await self._reconcile_kode(item)
        except (KodeError, OSError) as error:
            self._log_once(str(item), error)
            done = False
        except Exception:  # noqa: BLE001 - one Kode's trouble is not another's
            _LOG.exception("%s: unexpected error in reconcile", item)
            done = False
        else:
            self._logged.pop(str(item), None)
        if done:
            self._queue.forget(item)
        else:
            self._queue.add_rate_limited(item)
        if isinstance(item, Key) and self._unsynced:
            self._unsynced.discard(item)
            if not self._unsynced:
                self._write_info()

    async def _reconcile_kode(self, key: Key) -> bool:
        """Reconcile a Kode; return whether nothing of it is still to be waited for."""
        async with self._applying:
            work = await self._reconciler.reconcile(key)
        failure: Exception | None = None
        try:
            await self._routes.publish()
        except (KodeError, OSError) as error:
            failure = error
        if self._withdrawals:
            await asyncio.wait(self._withdrawals)
        if work:
            # Ready means that a page is served, so it is reported after the gateway has said so.
            await self._reconciler.report(work)
        self._queue.add(_VOLUMES)
        if failure:
            raise failure
        return not self._routes.is_loading(key)

    async def _delete_volumes(self) -> None:
        async with self._applying:
            await self._reconciler.delete_released_volumes()

    async def _try(self, what: str, part: Awaitable[object]) -> bool:
        """Await something that may fail; return whether it has not."""
        try:
            await part
        except (KodeError, OSError) as error:
            self._log_once(what, error)
            return False
        self._logged.pop(what, None)
        return True

    def _log_once(self, what: str, error: Exception) -> None:
        """Write down what fails, once for as long as it is the same."""
        message = str(error)
        if self._logged.get(what) != message:
            self._logged[what] = message
            _LOG.warning("%s: %s; retrying", what, message)

    # The gateway, and who asks for this platform

    def _on_program_change(self, key: str) -> None:
        if key != _GATEWAY:
            self._queue.add(kode_key(key))
            return
        state = self._supervisor.state(_GATEWAY)
        was_open, self._routes.is_open = (
            self._routes.is_open,
            state is not None and state.phase is ProgramPhase.RUNNING,
        )
        if self._routes.is_open and not was_open:
            self._enqueue_routed()
        if not self._routes.is_open and self._gateway.mark_lost():
            lost = partial(standing.unserved, message=NO_GATEWAY)
            task = asyncio.create_task(self._withdraw(self._statuses.withdraw(lost)))
            self._withdrawals.add(task)
            task.add_done_callback(self._withdrawals.discard)
        self._write_info()

    async def _withdraw(self, withdrawal: Awaitable[None]) -> None:
        """Take back that Kodes are Ready: nobody leads to them any more."""
        await self._try(_WITHDRAW, withdrawal)
        self._enqueue_routed()

    def _enqueue_routed(self) -> None:
        for key in self._routes.kodes():
            self._queue.add(key)

    def _write_info(self) -> None:
        """Write who this platform is; where that fails, again later."""
        try:
            self._put_info()
        except OSError as error:
            self._log_once(_INFO, error)
            self._queue.add_rate_limited(_INFO)

    async def _refresh_info(self) -> None:
        # A small file that is replaced; in order, as a thread would not keep it.
        self._put_info()

    def _put_info(self) -> None:
        process = procfs.row(os.getpid())
        assert process is not None  # noqa: S101 - this very process
        gateway = self._supervisor.state(_GATEWAY)
        answers = gateway is not None and gateway.phase is ProgramPhase.RUNNING
        synced = self._unsynced is not None and not self._unsynced
        info = DaemonInfo(
            pid=process.pid,
            start=process.start,
            url=self._options.url,
            since=self._since,
            version=version("kode"),
            address=self._options.address,
            ready=answers and synced and not self._ending,
            boot=procfs.boot(),
            statuses_since=self._statuses.since,
            trouble=gateway.message if gateway and gateway.phase is ProgramPhase.BACKOFF else "",
        )
        if info != self._last_info:
            write(self._paths, info)
            self._last_info = info
