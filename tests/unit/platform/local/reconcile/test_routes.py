"""kode.platform.local.reconcile.routes: who waits for which update of the gateway."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.platform.local.gateway import LocalGateway, Route
from kode.platform.local.paths import Paths
from kode.platform.local.reconcile.routes import NO_GATEWAY, Routes
from kode.platform.local.store.objects import Key

A, B, C = (Key("Kode", "default", name) for name in "abc")
SIDECAR = Sidecar(AuthMode.BASIC, Upstream(8443, "/healthz"))


def route(key: Key) -> Route:
    return Route(key.name, (f"{key.name}.localhost",), str(key), "running", SIDECAR)


class Gateway(LocalGateway):
    """A gateway that loads what it is told when the test says so."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Paths(folder, folder))
        self.updates: list[list[str]] = []
        self.refused: dict[str, str] = {}
        self.broken = False
        self.loads = asyncio.Event()
        self.loaded: Sequence[Route] = ()

    async def set_routes(self, entries: Sequence[Route]) -> Mapping[str, str]:
        self.updates.append([entry.id for entry in entries])
        await self.loads.wait()
        if self.broken:
            raise PlatformError(Reason.PLATFORM_ERROR, "the disk is full")
        self.loaded = entries
        return self.refused

    def serves(self, entry: Route) -> bool:
        return entry in self.loaded and entry.id not in self.refused


async def test_whoever_asks_during_an_update_shares_the_next(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    routes = Routes(gateway, lambda _: None)
    waiting = []
    for key in (A, B, C):
        routes.set(key, route(key))
        waiting.append(asyncio.create_task(routes.publish()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert gateway.updates == [["a"]]
    gateway.loads.set()
    await asyncio.gather(*waiting)
    # What B and C asked for was not in the first, and both are in the second.
    assert gateway.updates == [["a"], ["a", "b", "c"]]


async def test_who_is_served_is_known_once_the_gateway_has_loaded_it(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    gateway.loads.set()
    routes = Routes(gateway, lambda _: None)
    routes.set(A, route(A))
    assert routes.why_unserved(A) == NO_GATEWAY
    assert not routes.is_loading(A)
    routes.is_open = True
    assert routes.why_unserved(A) == "the gateway does not lead to it yet"
    assert routes.is_loading(A)
    await routes.publish()
    assert routes.why_unserved(A) == ""
    assert not routes.is_loading(A)
    routes.remove(A)
    assert (routes.kodes(), routes.is_loading(A)) == ((), False)


async def test_a_kode_is_reconciled_again_when_its_refusal_comes_and_goes(tmp_path: Path) -> None:
    gateway, enqueued = Gateway(tmp_path), list[Key]()
    gateway.loads.set()
    routes = Routes(gateway, enqueued.append)
    routes.is_open = True
    routes.set(A, route(A))
    routes.set(B, route(B))
    gateway.refused = {"a": "no such filter"}
    await routes.publish()
    await routes.publish()
    assert enqueued == [A]
    assert routes.why_unserved(A) == "no such filter"
    assert not routes.is_loading(A)
    gateway.refused = {}
    await routes.publish()
    assert enqueued == [A, A]


async def test_who_waits_hears_of_a_failure_and_the_next_update_is_another(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    gateway.loads.set()
    gateway.broken = True
    routes = Routes(gateway, lambda _: None)
    with pytest.raises(PlatformError, match="the disk is full"):
        await routes.publish()
    gateway.broken = False
    await routes.publish()
    await routes.close()
