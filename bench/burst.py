"""Many Kodes at once: (a) by a bare client and (b) by the operator, in turns.

Rule: sides take turns and change their order each round, because the machine is never as quiet as
one would like; what is told is the median of the rounds.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench import api_writes, contenders
from bench.api import Api
from bench.api_writes import Writes
from bench.cpu_shares import Shares
from bench.metrics import Metric
from bench.program import Program, Usage, usage
from bench.timing import Times

RATE_GOAL = 0.85
WRITES_GOAL = 1
WRITES_GOAL_WITH_PASSWORD = 2
"""One more: the password is taken out of the Kode."""


@dataclass(frozen=True)
class Spent:
    """What a run took of the machine.

    Attributes:
        cpu: seconds of the process itself.
        memory: MB of it.
        shares: CPU seconds of everything else, by part.
    """

    cpu: float
    memory: float
    shares: dict[str, float]

    def everything(self) -> float:
        """Return the CPU seconds of all parts."""
        return self.cpu + sum(self.shares.values())


@dataclass(frozen=True)
class Floor:
    """One run of the bare client."""

    applied: Times
    running: Times
    spent: Spent


@dataclass(frozen=True)
class Ours:
    """One run of the operator."""

    ready: Times
    writes: Writes
    spent: Spent


@dataclass(frozen=True)
class Bench:
    """What a burst is measured with.

    Attributes:
        admin: creates Kodes and watches.
        client: the bare client, with the operator's identity.
        operator: makes the operator's process, not yet started.
        namespace: where the operator is at home.
        count: Kodes in a burst.
        password: whether they have one.
    """

    admin: Api
    client: Api
    operator: Callable[[], Program]
    namespace: str
    count: int
    password: bool = False

    @property
    def suffix(self) -> str:
        return "_with_password" if self.password else ""

    async def floor(self, name: str) -> Floor:
        """Run the bare client."""
        run = contenders.Run(name, self.count, self.password)
        async with contenders.namespaces(self.admin, name):
            sets = await contenders.prepare(self.admin, run, self.namespace)
            before, shares = usage(os.getpid()), Shares()
            applied, running = await contenders.bare(self.admin, self.client, sets)
            after = usage(os.getpid())
            spent = Spent(after.cpu - before.cpu, after.rss, shares.so_far())
            return Floor(applied, running, spent)

    async def ours(self, name: str) -> Ours:
        """Run the operator."""
        run = contenders.Run(name, self.count, self.password)
        async with contenders.namespaces(self.admin, name):
            with self.operator() as program:
                await contenders.leads(self.admin, self.namespace)
                idle, writes = program.usage(), await api_writes.count(self.admin)
                shares = Shares()
                ready = await contenders.ours(self.admin, run)
                used, parts = await self._wait_until_idle(program), shares.so_far()
                writes = (await api_writes.count(self.admin)).since(writes)
                return Ours(ready, writes, Spent(used.cpu - idle.cpu, used.peak, parts))

    async def _wait_until_idle(self, program: Program) -> Usage:
        # What the operator writes a moment later counts as well.
        started, before = time.monotonic(), await api_writes.count(self.admin)
        while time.monotonic() - started < contenders.TIMEOUT:
            await contenders.pause(5)
            now = await api_writes.count(self.admin)
            if now.since(before).but_lease() == 0:
                return program.usage()
            before = now
        raise TimeoutError("the operator goes on writing")


async def rounds(bench: Bench, count: int) -> tuple[Metric, ...]:
    """Measure both sides a number of times; return the figures."""
    floors: list[Floor] = []
    ours: list[Ours] = []
    for number in range(count):
        name = f"{number}{'p' if bench.password else ''}"
        if number % 2:
            ours.append(await bench.ours(f"ours-{name}"))
            floors.append(await bench.floor(f"floor-{name}"))
        else:
            floors.append(await bench.floor(f"floor-{name}"))
            ours.append(await bench.ours(f"ours-{name}"))
        _tell_round(floors[-1], ours[-1])
    return figures(bench, floors, ours)


def figures(bench: Bench, floors: list[Floor], ours: list[Ours]) -> tuple[Metric, ...]:
    """Return what the rounds say."""
    return tuple(
        Metric(f"{it.name}{bench.suffix}", it.value, it.unit, it.floor, it.goal, it.of)
        for it in (*_times(floors, ours), *_costs(bench, floors, ours))
    )


def _times(floors: list[Floor], ours: list[Ours]) -> tuple[Metric, ...]:
    rate = median(it.ready.per_second() for it in ours)
    applied = median(it.applied.per_second() for it in floors)
    running = median(it.running.per_second() for it in floors)
    waits = median(it.ready.median() for it in ours), median(it.ready.p95() for it in ours)
    # Beside the same pods all else is equal; beside the applies alone we also wait for pods.
    return (
        Metric("kodes_ready_per_second", rate, "Kodes/s", running, RATE_GOAL, "ratio at least"),
        Metric("kodes_ready_per_second_beside_applies", rate, "Kodes/s", applied),
        Metric("time_to_ready_median", waits[0], "s", median(it.running.median() for it in floors)),
        Metric("time_to_ready_p95", waits[1], "s", median(it.running.p95() for it in floors)),
    )


def _costs(bench: Bench, floors: list[Floor], ours: list[Ours]) -> tuple[Metric, ...]:
    children = 6 if bench.password else 4

    def beyond(writes: Writes) -> float:
        return writes.but_lease() / bench.count - children

    return (
        Metric(
            "writes_per_kode_beyond_children",
            median(beyond(it.writes) for it in ours),
            "writes",
            goal=WRITES_GOAL_WITH_PASSWORD if bench.password else WRITES_GOAL,
        ),
        Metric(
            "cpu_of_everything_per_kode",
            median(it.spent.everything() for it in ours) / bench.count * 1000,
            "ms",
            median(it.spent.everything() for it in floors) / bench.count * 1000,
        ),
        Metric(
            "cpu_per_kode",
            median(it.spent.cpu for it in ours) / bench.count * 1000,
            "ms",
            median(it.spent.cpu for it in floors) / bench.count * 1000,
        ),
        Metric(
            "peak_memory",
            median(it.spent.memory for it in ours),
            "MB",
            median(it.spent.memory for it in floors),
        ),
    )


def _tell_round(floor: Floor, ours: Ours) -> None:
    print(
        f"# floor: {floor.applied.per_second():.1f} applied/s, "
        f"{floor.running.per_second():.1f} running/s, {floor.spent.cpu:.1f} s CPU; "
        f"ours: {ours.ready.per_second():.1f} ready/s, median {ours.ready.median():.2f} s, "
        f"p95 {ours.ready.p95():.2f} s, {ours.spent.cpu:.1f} s CPU, "
        f"{ours.spent.memory:.0f} MB; {ours.writes}",
        flush=True,
    )
    for name, spent in (("floor", floor.spent), ("ours", ours.spent)):
        parts = ", ".join(f"{part} {seconds:.1f}" for part, seconds in spent.shares.items())
        print(f"# CPU seconds of {name}: {parts}", flush=True)
