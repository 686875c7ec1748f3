"""A cluster in memory with a template and one Kode, and all that passes over it need."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from kode.controllers.apply import Applier
from kode.controllers.cache.caches import Caches, take_kodes, take_referenced
from kode.controllers.gather import Gatherer
from kode.controllers.inputs import KodeKey
from kode.controllers.reconcile import Reconciler
from kode.controllers.report import Reporter
from kode.platform.resources import BY_KIND
from kode.workqueue import WorkQueue
from tests.unit.controllers.cluster import Cluster
from tests.unit.controllers.objects import KEY, Object, kode, template
from tests.unit.controllers.virtual import VirtualLoop, clock, run


class Queue(WorkQueue[KodeKey]):
    """A queue that notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__(clock, jitter=lambda: 0.5)
        self.asked: list[float] = []

    def add(self, key: KodeKey) -> None:
        self.asked.append(0.0)
        super().add(key)

    def add_after(self, key: KodeKey, seconds: float) -> None:
        self.asked.append(seconds)
        super().add_after(key, seconds)


class Setting:
    """A cluster with a template, one Kode, and all that passes need."""

    def __init__(self, **spec: Any) -> None:
        self.leads = True
        self.cluster = Cluster()
        self.queue = Queue()
        self.caches = Caches(self.queue.add)
        self.reconciler = Reconciler(
            gatherer=Gatherer(self.cluster, self.caches, "kode-system"),
            applier=Applier(self.cluster, self.caches),
            reporter=Reporter(self.cluster, self.caches),
            queue=self.queue,
            is_leader=lambda: self.leads,
            clock=clock,
        )
        take_referenced(self.caches, BY_KIND["KodeClusterTemplate"]).on_upsert(template())
        self.edit(kode(**spec))

    def edit(self, found: Object) -> None:
        """Write the Kode as a person would."""
        take_kodes(self.caches).on_upsert(self.cluster.stand(found))

    async def make_pass(self) -> list[str]:
        """Make a pass; return what it wrote."""
        self.cluster.writes.clear()
        self.queue.asked.clear()
        await self.reconciler.reconcile(KEY)
        return self.cluster.writes

    def ready(self) -> tuple[str, str]:
        """Return the reason and the message of the written Ready condition."""
        conditions = self.cluster.objects["Kode", "team", "dev"]["status"]["conditions"]
        (found,) = [item for item in conditions if item["type"] == "Ready"]
        return found["reason"], found["message"]


def later(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.advance(seconds)


def run_passes(main: Callable[[Setting], Awaitable[None]], **spec: Any) -> None:
    async def inner() -> None:
        await main(Setting(**spec))

    run(inner())
