"""The platform's own program: follows the store, makes passes, keeps the door.

Rule: level-triggered: a change only says which Kode to look at. One pass at a time, so that nothing
of one Kode happens twice at once; what takes long (an install, an end) goes on beside them.
"""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Awaitable, Iterator
from functools import partial
from importlib.metadata import version
from typing import TypeVar

from kode.errors import Expired, KodeError
from kode.evaluate import standing
from kode.platform.local.daemon_control import Options
from kode.platform.local.gateway import LocalGateway, Route
from kode.platform.local.paths import Paths
from kode.platform.local.program import Phase
from kode.platform.local.reconcile.host_resources import HostResources
from kode.platform.local.reconcile.reconcile import Dependencies, Reconciler, kode_key
from kode.platform.local.shim import procfs
from kode.platform.local.status import statuses
from kode.platform.local.status.daemon_info import DaemonInfo, info_path, write
from kode.platform.local.status.statuses import KODE, Statuses
from kode.platform.local.store.objects import CLAIM, SECRET, STORED, Key
from kode.platform.local.store.store import Store
from kode.platform.local.store.watch import follow
from kode.platform.local.supervisor.supervisor import Supervisor
from kode.platform.local.templates.shipped_templates import documents, install_templates

_LOG = logging.getLogger(__name__)

_TRY_AGAIN = 2.0
_LOOK_AGAIN = 60.0
_T = TypeVar("_T")
_DOOR = "door"
_CLOSED = "the gateway does not answer; it is started again by itself"
_FOLLOWING = "following the store"
_BATCH = 0.005
"""Seconds in which changes are gathered before passes begin."""


class Daemon:
    """One platform, while its program runs."""

    def __init__(self, paths: Paths, options: Options) -> None:
        """Open the store; nothing runs yet.

        Raises:
            PlatformError: the store cannot be used.
        """
        self._paths = paths
        self._options = options
        self._store = Store(paths.store)
        self._statuses = Statuses(self._store)
        self._supervisor = Supervisor(paths, self._changed)
        self._door = LocalGateway(paths, options.address, options.port)
        self._dirty: set[Key] = set()
        self._stirred = asyncio.Event()
        self._passes = Reconciler(
            Dependencies(
                store=self._store,
                statuses=self._statuses,
                supervisor=self._supervisor,
                paths=paths,
                sites=HostResources(paths, self._again),
                url=options.url,
                again=self._again,
                unserved=self._unserved,
            )
        )
        self._open = False
        """Whether the door answers."""
        self._withdrawals: set[asyncio.Task[None]] = set()
        """Take back that Kodes are Ready, since the door was lost."""
        self._due: dict[Key, asyncio.TimerHandle] = {}
        self._told: DaemonInfo | None = None
        self._complaints: dict[str, str] = {}
        self._since = time.time()
        self._looked = False
        """Whether every Kode was looked at."""
        self._ending = False

    async def run(self) -> None:
        """Run until a signal asks for the end; then nothing of it is left."""
        ending = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, ending.set)
        # Before anybody can know that this platform runs: what its Kodes were is not what they are.
        await self._statuses.begin()
        self._record()
        await asyncio.to_thread(install_templates, self._store, documents())
        await self._supervisor.adopt()
        await self._supervisor.want(self._door.program())
        self._dirty |= self._passes.known()
        since = ""
        with self._tried("reading the store"):
            since = await self._look()
        tasks = [asyncio.create_task(part) for part in (self._follow(since), self._work())]
        waiting = asyncio.create_task(ending.wait())
        done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, waiting):
            task.cancel()
        await asyncio.gather(*tasks, waiting, return_exceptions=True)
        if waiting in done:
            await self._end()
            return
        # A fault of ours costs nobody an editor: the next platform finds it running.
        await self._supervisor.close(leave_running=True)
        for task in done:
            task.result()

    async def _end(self) -> None:
        _LOG.info("ending")
        self._ending = True
        self._record()
        with self._tried("telling that it ends"):
            await self._statuses.withdraw(standing.stopping)
        keys = sorted(self._supervisor.keys(), key=lambda key: key == _DOOR)
        await asyncio.gather(*(self._supervisor.unwant(key) for key in keys))
        await self._passes.close()
        await self._supervisor.close(leave_running=False)
        await asyncio.gather(*self._withdrawals)
        with self._tried("telling that it has ended"):
            await asyncio.to_thread(statuses.stop, self._store)
        info_path(self._paths).unlink(missing_ok=True)
        self._store.close()
        _LOG.info("ended")

    async def _look(self) -> str:
        """Have every Kode looked at; return the version after which changes are to be followed."""
        since = await asyncio.to_thread(self._store.version)
        self._all()
        return since

    async def _follow(self, since: str) -> None:
        while True:
            try:
                if not since:
                    since = await self._look()
                    self._complaints.pop(_FOLLOWING, None)
                async for change in follow(self._store, since, STORED):
                    self._see(change.document)
            except Expired:
                since = ""
            except (KodeError, OSError) as error:
                since = ""
                self._complain(_FOLLOWING, error)
                await asyncio.sleep(_TRY_AGAIN)

    def _see(self, document: object) -> None:
        assert isinstance(document, dict)  # noqa: S101 - the store holds nothing else
        kind, metadata = document["kind"], document["metadata"]
        if kind == KODE:
            self._again(Key(KODE, metadata["namespace"], metadata["name"]))
        else:
            # Few Kodes, and a pass that changes nothing is quick: all of them look.
            self._all(metadata["namespace"] if kind in (SECRET, CLAIM) else None)

    def _all(self, namespace: str | None = None) -> None:
        kodes = self._store.list(KODE, namespace).items
        self._dirty |= {Key.of(item) for item in kodes}
        kept = self._supervisor.keys()
        running = {kode_key(key) for key in kept if key != _DOOR}
        self._dirty |= {key for key in running if namespace in (None, key.namespace)}
        self._stirred.set()

    def _again(self, key: Key) -> None:
        self._dirty.add(key)
        self._stirred.set()

    def _changed(self, key: str) -> None:
        if key != _DOOR:
            self._again(kode_key(key))
            return
        state = self._supervisor.state(_DOOR)
        opened, self._open = self._open, state is not None and state.phase is Phase.RUNNING
        if self._open and not opened:
            self._dirty |= set(self._passes.offers)
            self._stirred.set()
        if not self._open and self._door.lose():
            lost = partial(standing.unserved, message=_CLOSED)
            task = asyncio.create_task(self._withdraw(self._statuses.withdraw(lost)))
            self._withdrawals.add(task)
            task.add_done_callback(self._withdrawals.discard)
        self._record()

    async def _withdraw(self, withdrawal: Awaitable[None]) -> None:
        """Take back that Kodes are Ready: nobody leads to them any more."""
        with self._tried("telling that the door is lost"):
            await withdrawal
        self._dirty |= set(self._passes.offers)
        self._stirred.set()

    def _unserved(self, offer: Route) -> str:
        if not self._open:
            return _CLOSED
        return "" if self._door.serves(offer) else "the gateway does not lead to it yet"

    async def _work(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN):
                    await self._stirred.wait()
                await asyncio.sleep(_BATCH)
            self._stirred.clear()
            if not self._dirty:
                with self._tried("reading the store"):
                    self._all()
                    self._stirred.clear()
            keys, self._dirty = sorted(self._dirty), set()
            works = [work for key in keys if (work := await self._pass(key, self._passes.one(key)))]
            await self._offer()
            if self._withdrawals:
                await asyncio.wait(self._withdrawals)
            for work in works:
                # Ready means that a page is served, so it is told after the door has said so.
                await self._pass(work.key, self._passes.tell(work))
            with self._tried("deleting files"):
                await self._passes.collect()
            self._looked = True
            self._record()

    async def _pass(self, key: Key, part: Awaitable[_T]) -> _T | None:
        try:
            found = await part
        except (KodeError, OSError) as error:
            self._complain(str(key), error)
            self._later(key)
        except Exception:  # noqa: BLE001 - one Kode's trouble is not another's
            _LOG.exception("%s: a pass failed in an unforeseen way", key)
            self._later(key)
        else:
            self._complaints.pop(str(key), None)
            return found
        return None

    @contextlib.contextmanager
    def _tried(self, what: str) -> Iterator[None]:
        """Try something that is tried again in a while where it fails."""
        try:
            yield
        except (KodeError, OSError) as error:
            self._complain(what, error)
            asyncio.get_running_loop().call_later(_TRY_AGAIN, self._stirred.set)
        else:
            self._complaints.pop(what, None)

    def _complain(self, what: str, error: Exception) -> None:
        """Write down what fails, once for as long as it is the same."""
        words = str(error)
        if self._complaints.get(what) != words:
            self._complaints[what] = words
            _LOG.warning("%s: %s; tried again every %.0f s", what, words, _TRY_AGAIN)

    def _later(self, key: Key) -> None:
        if key not in self._due:
            loop = asyncio.get_running_loop()
            self._due[key] = loop.call_later(_TRY_AGAIN, self._is_due, key)

    def _is_due(self, key: Key) -> None:
        del self._due[key]
        self._again(key)

    async def _offer(self) -> None:
        offers = self._passes.offers
        with self._tried("the door"):
            refused = dict(await self._door.offer(tuple(offers.values())))
            before, self._passes.refused = self._passes.refused, refused
            for key, offer in offers.items():
                if before.get(offer.id) != refused.get(offer.id):
                    self._again(key)
        for key, offer in offers.items():
            led = offer.sidecar is not None and offer.id not in self._passes.refused
            if led and self._open and not self._door.serves(offer):
                # Envoy has not said yet that it has loaded it.
                self._later(key)

    def _record(self) -> None:
        row = procfs.row(os.getpid())
        assert row is not None  # noqa: S101 - this very process
        door = self._supervisor.state(_DOOR)
        answers = door is not None and door.phase is Phase.RUNNING
        found = DaemonInfo(
            pid=row.pid,
            start=row.start,
            url=self._options.url,
            since=self._since,
            version=version("kode"),
            address=self._options.address,
            ready=answers and self._looked and not self._ending,
            boot=procfs.boot(),
            statuses_since=self._statuses.since,
            trouble=door.words if door is not None and door.phase is Phase.WAITING else "",
        )
        if found != self._told:
            with self._tried("telling that it runs"):
                write(self._paths, found)
                self._told = found
