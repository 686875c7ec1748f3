"""Whether the operator lives and is ready."""

import asyncio

import aiohttp
import pytest

from kode.controllers.cache.caches import Caches, take_secrets
from kode.controllers.inputs import KodeKey
from kode.controllers.operator import health
from kode.controllers.operator.health import Health
from kode.kube.client import ListOptions
from kode.kube.reflector import Reflector
from kode.kube.resources import SECRET
from kode.workqueue import WorkQueue
from tests.unit.controllers.cluster import Cluster
from tests.unit.controllers.virtual import clock, run


def _parts() -> tuple[Reflector, WorkQueue[KodeKey], Health]:
    sink = take_secrets(Caches(lambda _: None))
    listing = asyncio.Semaphore(1)
    reflector = Reflector(Cluster(), ListOptions(SECRET), sink, listing=listing, clock=clock)
    queue = WorkQueue[KodeKey](clock)
    return reflector, queue, Health([reflector], queue)


def test_it_is_ready_once_all_has_been_listed() -> None:
    async def main() -> list[str]:
        reflector, _, parts = _parts()
        before = parts.unsynced()
        reflector.synced.set()
        return [before, parts.unsynced()]

    assert run(main()) == ["still listing secrets", ""]


def test_a_watch_that_is_silent_for_long_is_stuck() -> None:
    async def main() -> list[str]:
        _, _, parts = _parts()
        await asyncio.sleep(500)
        before = parts.stuck()
        await asyncio.sleep(200)
        return [before, parts.stuck()]

    assert run(main()) == ["", "the watch of secrets is stuck"]


def test_a_reconcile_that_never_ends_is_stuck() -> None:
    async def main() -> str:
        reflector, queue, parts = _parts()

        async def never(_: KodeKey) -> None:
            await asyncio.sleep(100_000)

        queue.add(KodeKey("team", "dev"))
        asyncio.create_task(queue.run(never, 1))  # noqa: RUF006
        for _ in range(8):
            await asyncio.sleep(100)
            reflector._last_activity = clock()  # noqa: SLF001 - the watch is not what is looked at
        return parts.stuck()

    assert run(main()) == "a reconcile is stuck"


class _Parts(Health):
    def __init__(self, stuck: str = "", unsynced: str = "") -> None:
        self.stuck = lambda: stuck  # type: ignore[method-assign]
        self.unsynced = lambda: unsynced  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("parts", "path", "answer"),
    [
        (_Parts(), "/healthz", (200, "ok")),
        (_Parts(), "/readyz", (200, "ok")),
        (_Parts(stuck="a reconcile is stuck"), "/healthz", (503, "a reconcile is stuck")),
        (_Parts(stuck="a reconcile is stuck"), "/readyz", (200, "ok")),
        (_Parts(unsynced="still listing pods"), "/readyz", (503, "still listing pods")),
        (_Parts(unsynced="still listing pods"), "/healthz", (200, "ok")),
    ],
)
async def test_probes_are_answered_on_one_port(
    parts: Health, path: str, answer: tuple[int, str]
) -> None:
    runner = await health.serve("127.0.0.1:0", parts)
    host, port = runner.addresses[0][:2]
    async with aiohttp.request("GET", f"http://{host}:{port}{path}") as response:
        assert (response.status, await response.text()) == answer
    await runner.cleanup()
