"""Whether the operator lives and is ready."""

import asyncio

import aiohttp
import pytest

from kode.controllers.cache.reflector import Reflector
from kode.controllers.cache.world import NewsSink, World
from kode.controllers.inputs import Key
from kode.controllers.process import health
from kode.controllers.process.health import Pulse
from kode.controllers.queue import Queue
from kode.platform.kubernetes.client import Scope
from kode.platform.kubernetes.kinds import SECRET
from tests.unit.controllers.cluster import Cluster
from tests.unit.controllers.virtual import VirtualLoop, clock, run


def _parts() -> tuple[Reflector, Queue, Pulse]:
    sink = NewsSink(World(lambda _: None), SECRET)
    listing = asyncio.Semaphore(1)
    reflector = Reflector(Cluster(), Scope(SECRET), sink, listing=listing, clock=clock)
    queue = Queue(clock)
    return reflector, queue, Pulse([reflector], queue, clock)


def test_it_is_ready_once_all_has_been_read() -> None:
    async def main() -> list[bool]:
        reflector, _, pulse = _parts()
        before = pulse.ready()
        reflector.synced.set()
        return [before, pulse.ready()]

    assert run(main()) == [False, True]


def test_a_watch_that_is_silent_for_long_is_stuck() -> None:
    async def main() -> list[str | None]:
        _, _, pulse = _parts()
        asyncio.create_task(pulse.run())  # noqa: RUF006
        await asyncio.sleep(500)
        before = pulse.problem()
        await asyncio.sleep(200)
        return [before, pulse.problem()]

    assert run(main()) == [None, "the watch of secrets is stuck"]


def test_a_pass_that_never_ends_is_stuck() -> None:
    async def main() -> str | None:
        reflector, queue, pulse = _parts()

        async def never(_: Key) -> None:
            await asyncio.sleep(100_000)

        queue.add(Key("team", "dev"))
        asyncio.create_task(queue.run(never, 1))  # noqa: RUF006
        asyncio.create_task(pulse.run())  # noqa: RUF006
        for _ in range(8):
            await asyncio.sleep(100)
            reflector._last_sign = clock()  # noqa: SLF001 - the watch is not what is looked at
        return pulse.problem()

    assert run(main()) == "a pass is stuck"


def test_a_loop_that_does_not_get_round_to_it_is_stuck() -> None:
    async def main() -> str | None:
        _, _, pulse = _parts()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.advance(100)
        return pulse.problem()

    assert run(main()) == "the loop is stuck"


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
async def test_readiness_is_served(*, ready: bool, status: int) -> None:
    runner = await health.serve("127.0.0.1:0", lambda: ready)
    host, port = runner.addresses[0][:2]
    async with aiohttp.request("GET", f"http://{host}:{port}/readyz") as response:
        assert response.status == status
    await runner.cleanup()
