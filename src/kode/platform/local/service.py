"""The platform's own program: follows the store, makes passes, keeps the door.

Rule: level-triggered: a change only says which Kode to look at. One pass at a time, so that nothing
of one Kode happens twice at once; what takes long (an install, an end) goes on beside them.
"""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.metadata import version

from kode.api.conditions import Reason
from kode.errors import KodeError, PlatformError
from kode.platform.local import offering, starters
from kode.platform.local.daemon import Options, Running, record
from kode.platform.local.door import Door
from kode.platform.local.entry import CLAIM, SECRET, STORED, Key
from kode.platform.local.follow import follow
from kode.platform.local.passes import KODE, Parts, Passes, kode_key
from kode.platform.local.places import Places
from kode.platform.local.program import Phase
from kode.platform.local.sites import Sites
from kode.platform.local.store import Store
from kode.platform.local.supervisor import Supervisor, proc
from kode.platform.port import Expired

_LOG = logging.getLogger(__name__)

_TRY_AGAIN = 2.0
_LOOK_AGAIN = 60.0
_DOOR = "door"
_BATCH = 0.02
"""Seconds in which changes are gathered before passes begin."""


class Service:
    """One platform, while its program runs."""

    def __init__(self, places: Places, options: Options) -> None:
        """Open the store; nothing runs yet.

        Raises:
            PlatformError: the store cannot be used.
        """
        self._places = places
        self._options = options
        self._store = Store(places.store)
        self._supervisor = Supervisor(places, self._changed)
        self._door = Door(places, options.address, options.port)
        self._dirty: set[Key] = set()
        self._stirred = asyncio.Event()
        self._passes = Passes(
            Parts(
                store=self._store,
                supervisor=self._supervisor,
                places=places,
                sites=Sites(places, self._again),
                url=options.url,
                again=self._again,
            )
        )
        self._told = ""

    async def run(self) -> None:
        """Run until a signal asks for the end; then nothing of it is left."""
        ending = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, ending.set)
        self._record(ready=False)
        await asyncio.to_thread(offering.offer, self._store, starters.documents())
        await self._supervisor.adopt()
        await self._supervisor.want(self._door.program())
        self._all()
        tasks = [asyncio.create_task(part) for part in (self._follow(), self._work())]
        waiting = asyncio.create_task(ending.wait())
        done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, waiting):
            task.cancel()
        await asyncio.gather(*tasks, waiting, return_exceptions=True)
        await self._end()
        for task in done:
            # A part that ended by itself ended with an error.
            task.result()

    async def _end(self) -> None:
        _LOG.info("ending")
        keys = sorted(self._supervisor.keys(), key=lambda key: key == _DOOR)
        await asyncio.gather(*(self._supervisor.unwant(key) for key in keys))
        await self._passes.settle()
        await self._supervisor.close(leave_running=False)
        record(self._places).unlink(missing_ok=True)
        self._store.close()
        _LOG.info("ended")

    async def _follow(self) -> None:
        since = await asyncio.to_thread(self._store.version)
        while True:
            try:
                async for change in follow(self._store, since, STORED):
                    self._see(change.document)
            except Expired:
                since = await asyncio.to_thread(self._store.version)
                self._all()
            except PlatformError as error:
                _LOG.error("%s", error)
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
        if key == _DOOR:
            self._record(ready=self._answers())
        else:
            self._again(kode_key(key))

    async def _work(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN):
                    await self._stirred.wait()
                await asyncio.sleep(_BATCH)
            self._stirred.clear()
            if not self._dirty:
                self._all()
            keys, self._dirty = sorted(self._dirty), set()
            for key in keys:
                await self._pass(key)
            await self._offer()
            await self._collect()

    async def _pass(self, key: Key) -> None:
        try:
            await self._passes.one(key)
        except (KodeError, OSError) as error:
            _LOG.warning("%s: %s; again in %.0f s", key, error, _TRY_AGAIN)
            self._later(key)
        except Exception:  # noqa: BLE001 - one Kode's trouble is not another's
            _LOG.exception("%s: a pass failed in an unforeseen way", key)
            self._later(key)

    def _later(self, key: Key) -> None:
        asyncio.get_running_loop().call_later(_TRY_AGAIN, self._again, key)

    async def _offer(self) -> None:
        offers = self._passes.offers
        try:
            refused = dict(await self._door.offer(tuple(offers.values())))
        except (KodeError, OSError) as error:
            _LOG.warning("the door: %s; again in %.0f s", error, _TRY_AGAIN)
            asyncio.get_running_loop().call_later(_TRY_AGAIN, self._stirred.set)
            return
        before, self._passes.refused = self._passes.refused, refused
        for key, offer in offers.items():
            if before.get(offer.id) != refused.get(offer.id):
                self._again(key)

    async def _collect(self) -> None:
        try:
            await self._passes.collect()
        except (KodeError, OSError) as error:
            _LOG.warning("deleting files: %s", error)

    def _answers(self) -> bool:
        state = self._supervisor.state(_DOOR)
        return state is not None and state.phase is Phase.RUNNING

    def _record(self, *, ready: bool) -> None:
        row = proc.row(os.getpid())
        assert row is not None  # noqa: S101 - this very process
        found = Running(
            pid=row.pid,
            start=row.start,
            url=self._options.url,
            since=time.time(),
            version=version("kode"),
            ready=ready,
        )
        text = json.dumps(asdict(replace(found, since=0.0)))
        if text == self._told:
            return
        self._told = text
        file = record(self._places)
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(found)), encoding="utf-8")
        partial.chmod(0o600)
        partial.replace(file)


@contextlib.contextmanager
def alone(places: Places) -> Iterator[None]:
    """Hold the lock that only one platform of a folder can hold.

    Raises:
        PlatformError: another one holds it.
    """
    places.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = places.run / "platform.lock"
    with file.open("a", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            text = f"another platform runs in {places.root}: `kode status` shows it"
            raise PlatformError(Reason.PLATFORM_ERROR, text) from error
        yield
