"""(c) Many Kodes at rest: what the operator writes, holds and needs to start again.

Rule: idle means that nobody touches anything; whatever is written then is a defect.
"""

import time
from dataclasses import dataclass

from bench import api_writes, contenders
from bench.api import Api
from bench.metrics import Metric
from bench.program import Program
from kode.kube.resources import POD
from kode.platform.resources import CHILDREN, KODE

MEMORY_GOAL = 250
RESTART_GOAL = 60
_STILL = 3.0
_STILL_CPU = 0.1
"""Quiet is using less than this share of a core for so many seconds."""


@dataclass(frozen=True)
class Idle:
    """How rest is measured.

    Attributes:
        admin: creates Kodes and reads counts.
        namespace: where the operator is at home.
        window: seconds for which nothing may be written.
    """

    admin: Api
    namespace: str
    window: float

    async def measure(self, program: Program, count: int, known: int) -> tuple[Metric, ...]:
        """Create Kodes, wait for rest, look at it, and start the operator again.

        Args:
            program: the operator, running; it runs at the end as well.
            count: how many Kodes there are to be.
            known: how many there are already.
        """
        started = time.monotonic()
        await contenders.ours(self.admin, contenders.Run("idle", count, known=known))
        print(f"# {count - known} Kodes in {time.monotonic() - started:.0f} s", flush=True)
        await self._quiet(program)
        figures = (*await self._rest(program), *await self._restart(program))
        return tuple(
            Metric(f"{it.name}_at_{count}", it.value, it.unit, it.floor, it.goal) for it in figures
        )

    async def _rest(self, program: Program) -> tuple[Metric, ...]:
        before, cpu = await api_writes.count(self.admin), program.usage().cpu
        started = time.monotonic()
        await contenders.pause(self.window)
        hours = (time.monotonic() - started) / 3600
        written = (await api_writes.count(self.admin)).since(before)
        used = program.usage()
        return (
            Metric(
                "idle_writes_per_hour",
                written.but_lease() / hours,
                "writes",
                goal=0,
            ),
            Metric("idle_lease_writes_per_hour", written.lease / hours, "writes"),
            Metric("idle_cpu", (used.cpu - cpu) / hours / 36, "% of a core"),
            Metric("memory", used.rss, "MB", goal=MEMORY_GOAL),
            Metric("peak_memory", used.peak, "MB"),
        )

    async def _restart(self, program: Program) -> tuple[Metric, ...]:
        program.stop()
        floor = await self._measure_list()
        before = await api_writes.count(self.admin)
        program.start()
        await contenders.leads(self.admin, self.namespace)
        seconds = await self._quiet(program)
        written = (await api_writes.count(self.admin)).since(before)
        used = program.usage()
        return (
            Metric("restart_to_quiet", seconds, "s", floor, goal=RESTART_GOAL),
            Metric("restart_writes", written.but_lease(), "writes", goal=0),
            Metric("restart_cpu", used.cpu, "s"),
            Metric("restart_memory", used.rss, "MB", goal=MEMORY_GOAL),
            Metric("restart_peak_memory", used.peak, "MB", goal=MEMORY_GOAL),
        )

    async def _quiet(self, program: Program) -> float:
        """Wait until the operator rests; return the seconds from its start to then."""
        since, cpu = time.monotonic(), program.usage().cpu
        while True:
            await contenders.pause(0.5)
            now, used = time.monotonic(), program.usage().cpu
            if used - cpu > _STILL_CPU * _STILL:
                since, cpu = now, used
            elif now - since >= _STILL:
                return since - program.started

    async def _measure_list(self) -> float:
        """Return how long a bare client takes to read the same objects once."""
        started = time.monotonic()
        for kind in (KODE, *CHILDREN, POD):
            query = {"limit": "500"}
            while True:
                page = await self.admin.get(kind.path(), **query)
                if not page["metadata"].get("continue"):
                    break
                query["continue"] = page["metadata"]["continue"]
        return time.monotonic() - started
