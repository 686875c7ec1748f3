"""The two sides that are compared: a bare client, and the operator.

Rule: both create the same children in namespaces of the same layout, with the same identity at the
API server, and on both sides the same pods come up at the same time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from bench import kodes
from bench.api import Api, Object, collection
from bench.timing import Times
from kode import labels
from kode.api.meta import API_VERSION

IN_FLIGHT = 16
_POLL_INTERVAL = 0.1
TIMEOUT = 1800.0
"""Seconds after which something that does not come is given up."""


@dataclass(frozen=True)
class Run:
    """One run of one side.

    Attributes:
        name: names the namespaces.
        count: how many Kodes.
        password: whether they have one.
        known: how many of them are there already.
    """

    name: str
    count: int
    password: bool = False
    known: int = 0

    def kodes(self) -> list[Object]:
        return kodes.kodes(self.name, self.count, password=self.password)[self.known :]


async def clear(api: Api) -> None:
    """Remove what an interrupted run has left."""
    names = [it["metadata"]["name"] for it in await api.items("/api/v1/namespaces")]
    left = [name for name in names if name.startswith("bench-")]
    if left:
        await _empty(api, left)


@asynccontextmanager
async def namespaces(api: Api, name: str, *, leave: bool = False) -> AsyncIterator[None]:
    """Namespaces for a run; at the end they and all in them are gone, unless they are left."""
    manifests = kodes.namespaces(name)
    await in_flight(manifests, api.create)
    paths = [f"/api/v1/namespaces/{it['metadata']['name']}" for it in manifests]
    # Pods are refused until the account that every pod has by default is there.
    await until(lambda: _all_there(api, [f"{path}/serviceaccounts/default" for path in paths]))
    try:
        yield
    finally:
        if not leave:
            await _empty(api, [it["metadata"]["name"] for it in manifests])


async def prepare(admin: Api, run: Run, operator_namespace: str) -> tuple[Sequence[Object], ...]:
    """Create Kodes that nobody reconciles; return the children of each."""
    live: list[Object] = []

    async def create(manifest: Object) -> None:
        live.append(await admin.create(manifest))

    await in_flight(run.kodes(), create)
    return tuple(kodes.children(live, operator_namespace))


async def bare(admin: Api, client: Api, sets: Sequence[Sequence[Object]]) -> tuple[Times, Times]:
    """Apply children.

    Returns:
        Times from the beginning until the last child of each Kode was applied, and its pod ran.
    """
    applied, running = Times(), Times()
    began = time.monotonic()

    async def apply(children: Sequence[Object]) -> None:
        metadata = children[0]["metadata"]
        key = (metadata["namespace"], metadata["labels"][labels.KODE])
        applied.asked[key] = running.asked[key] = began
        for manifest in children:
            await client.apply(manifest)
        applied.there[key] = time.monotonic()

    pods = collection("v1", "Pod")
    query = {"labelSelector": f"{labels.MANAGED_BY}={labels.PRODUCT}"}
    query["fieldSelector"] = "status.phase=Running"

    def ran(event: Object) -> tuple[Any, bool]:
        metadata = event["object"]["metadata"]
        return (metadata["namespace"], metadata["labels"][labels.KODE]), True

    async with _watching(admin, pods, query, ran, running):
        await in_flight(sets, apply)
        await until(_complete(running))
    return applied, running


async def ours(admin: Api, run: Run) -> Times:
    """Create Kodes and wait until the operator says that all are Ready."""
    ready = Times()

    async def create(manifest: Object) -> None:
        ready.asked[_key(manifest["metadata"])] = time.monotonic()
        await admin.create(manifest)

    async with _watching(admin, collection(API_VERSION, "Kode"), {}, _ready, ready):
        await in_flight(run.kodes(), create)
        await until(_complete(ready))
    return ready


async def in_flight(items: Iterable[Any], work: Callable[[Any], Awaitable[Any]]) -> None:
    """Work on items, so many at a time."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(worker())


async def leads(admin: Api, namespace: str) -> None:
    """Wait until an operator holds the lease: then all is read, and writes may begin."""
    path = f"{collection('coordination.k8s.io/v1', 'Lease', namespace)}/kode-operator"

    async def is_held() -> bool:
        lease = await admin.find(path)
        return bool(lease and lease["spec"].get("holderIdentity"))

    await until(is_held)


async def pause(seconds: float) -> None:
    """Let time pass."""
    await asyncio.sleep(seconds)


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(TIMEOUT):
        while True:
            if await check():
                return
            await asyncio.sleep(_POLL_INTERVAL)


@asynccontextmanager
async def _watching(
    api: Api,
    path: str,
    query: dict[str, str],
    judge: Callable[[Object], tuple[Any, bool]],
    times: Times,
) -> AsyncIterator[None]:
    version = (await api.get(path, limit="1", **query))["metadata"]["resourceVersion"]

    async def watch() -> None:
        async for event in api.watch(path, resourceVersion=version, **query):
            if event["type"] in ("ADDED", "MODIFIED"):
                key, there = judge(event)
                if there:
                    times.there.setdefault(key, time.monotonic())

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _all_there(api: Api, paths: Sequence[str]) -> bool:
    return all([await api.find(path) is not None for path in paths])


async def _none(api: Api, paths: Sequence[str]) -> bool:
    return not any([await api.items(path, limit="1") for path in paths])


async def _empty(api: Api, names: Sequence[str]) -> None:
    # Piece by piece: a namespace with pods that stop, or claims in use, is looked at again only
    # after many seconds.
    claims = [collection("v1", "PersistentVolumeClaim", name) for name in names]
    for name in names:
        # First, or an operator that runs would put right what goes.
        await api.delete(collection(API_VERSION, "Kode", name))
    for name in names:
        await api.delete(collection("v1", "Pod", name), gracePeriodSeconds="0")
    for path in claims:
        await api.delete(path)
    await until(lambda: _none(api, claims))
    for name in names:
        await api.delete(f"/api/v1/namespaces/{name}")
    selector = "kubernetes.io/metadata.name in ({})".format(",".join(names))

    async def gone() -> bool:
        return not await api.items("/api/v1/namespaces", labelSelector=selector)

    await until(gone)
    # Volumes follow their claims a moment later, and would cost the next run its first seconds.
    await until(lambda: _none(api, ["/api/v1/persistentvolumes"]))


def _complete(times: Times) -> Callable[[], Awaitable[bool]]:
    async def complete() -> bool:
        return times.complete()

    return complete


def _key(metadata: Object) -> tuple[str, str]:
    return metadata["namespace"], metadata["name"]


def _ready(event: Object) -> tuple[tuple[str, str], bool]:
    kode = event["object"]
    conditions = (kode.get("status") or {}).get("conditions", [])
    ready = any(it["type"] == "Ready" and it["status"] == "True" for it in conditions)
    return _key(kode["metadata"]), ready
