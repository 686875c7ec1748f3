"""The operator: its parts put together, started and ended in order.

Rule: nothing is written before everything is read and the lease is held, and nothing after the
lease is given up.
"""

import asyncio
import gc
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kode.controllers.apply import FIELD_MANAGER, Applier
from kode.controllers.cache.caches import Caches
from kode.controllers.cache.watches import reflectors
from kode.controllers.gather import Gatherer
from kode.controllers.inputs import KodeKey
from kode.controllers.operator import health, logs
from kode.controllers.operator.health import Health
from kode.controllers.operator.options import Options, addresses, own_namespace
from kode.controllers.reconcile import Reconciler
from kode.controllers.report import Reporter
from kode.errors import PlatformError
from kode.kube import auth
from kode.kube.client import Client
from kode.kube.lease import Lease, LeaseTimings
from kode.kube.transport import NoGuard, Transport, WriteGuard
from kode.workqueue import WorkQueue

_LOG = logging.getLogger(__name__)

_SHUTDOWN_TIMEOUT = 20.0
"""Seconds that passes are given to end in."""


class Operator:
    """One replica."""

    def __init__(
        self, options: Options, gate: Callable[[WriteGuard], WriteGuard] = lambda lease: lease
    ) -> None:
        """Put the parts together.

        Args:
            options: what was chosen.
            gate: wraps the gate that every write passes; tests stop an operator there.
        """
        clock = time.monotonic
        person = _log_in(options)
        terms = LeaseTimings()
        namespace = options.operator_namespace or own_namespace()
        self._options = options
        self._lease_transport = Transport(person, NoGuard(terms.renew), delays=())
        self._lease = Lease(
            Client(self._lease_transport, field_manager=FIELD_MANAGER),
            namespace=namespace,
            name=options.leader_election_id,
            identity=f"{os.uname().nodename}-{secrets.token_hex(4)}",
            clock=clock,
            terms=terms,
        )
        self._transport = Transport(person, gate(self._lease))
        client = Client(self._transport, field_manager=FIELD_MANAGER)
        self._queue = WorkQueue[KodeKey](clock)
        self._passes = False
        self._caches = Caches(self._queue.add)
        self._reflectors = reflectors(client, self._caches, clock)
        self._health = Health(self._reflectors, self._queue)
        self._reconciler = Reconciler(
            gatherer=Gatherer(
                client, self._caches, namespace, addresses(options.metadata_addresses)
            ),
            applier=Applier(client, self._caches),
            reporter=Reporter(client, self._caches),
            queue=self._queue,
            is_leader=lambda: self._lease.held,
            clock=clock,
        )

    async def run(self) -> None:
        """Run until a signal asks for the end."""
        ending = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ending.set)
        probes = None
        if self._options.health_probe_bind_address:
            probes = await health.serve(self._options.health_probe_bind_address, self._health)
        try:
            await self._until(ending)
        finally:
            if probes:
                await probes.cleanup()
            await self._transport.close()
            await self._lease_transport.close()
        _LOG.info("ended")

    async def _until(self, ending: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(reflector.run()) for reflector in self._reflectors]
            working = group.create_task(self._work())
            await ending.wait()
            _LOG.info("ending")
            self._queue.stop()
            # Before all is read there is no pass to wait for.
            await asyncio.wait([working], timeout=_SHUTDOWN_TIMEOUT if self._passes else 0)
            for task in (working, *reading):
                task.cancel()

    async def _work(self) -> None:
        """Make passes, once all is read, while the lease is held."""
        await self._read()
        async with asyncio.TaskGroup() as group:
            leading = group.create_task(self._lease.run(self._on_leader))
            self._passes = True
            await self._queue.run(
                self._reconciler.reconcile, self._options.max_concurrent_reconciles
            )
            leading.cancel()
        # Not where passes had to be cut off: a write of theirs may still be under way.
        await self._lease.release()

    async def _read(self) -> None:
        began = time.monotonic()
        for reflector in self._reflectors:
            await reflector.synced.wait()
        # What was read stays; the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        _LOG.info(
            "read %d Kodes and %d objects in %.1f s",
            len(self._caches.kodes),
            len(self._caches.objects),
            time.monotonic() - began,
        )

    def _on_leader(self) -> None:
        self._caches.enqueue(self._caches.keys())


def run(options: Options) -> None:
    """Run one replica until it is asked to end; exit with 1 where it has no credentials."""
    logs.set_up(options.log_format, options.log_level)
    try:
        operator = Operator(options)
    except PlatformError as error:
        _LOG.error("cannot log in to the API server: %s", error)
        sys.exit(1)
    asyncio.run(operator.run())


def _log_in(options: Options) -> auth.KubeconfigAuth:
    file = Path(options.kubeconfig) if options.kubeconfig else None
    return auth.KubeconfigAuth(auth.select_context(os.environ, file=file), os.environ)
