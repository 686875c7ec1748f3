"""kopf beside the operator: what it sees, how it fails, how it ends."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import aiohttp
import kopf
import orjson
import pytest
from aiohttp import web

from kode.controllers.cache.world import World
from kode.controllers.process import runtime
from kode.controllers.process.runtime import Runtime
from kode.platform.kubernetes.kinds import REFERENTS
from kode.platform.references import Ref
from tests.unit.controllers.objects import template
from tests.unit.controllers.server import serving

PLAIN = Ref("KodeClusterTemplate", "", "plain")
GROUP = "/apis/kode.jacero.io/v1alpha1"


class _Server:
    """Lists nothing; the first watch of cluster templates is refused, later ones tell of one."""

    def __init__(self, *, refusals: int) -> None:
        self.refusals = refusals
        self.watches = 0
        self.methods: set[str] = set()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.methods.add(request.method)
        found = self._discovery().get(request.path)
        if found is not None:
            return web.json_response(found)
        if "watch" not in request.query:
            return web.json_response({"metadata": {"resourceVersion": "5"}, "items": []})
        response = web.StreamResponse()
        if request.path.endswith("/kodeclustertemplates"):
            self.watches += 1
            if self.watches <= self.refusals:
                return web.json_response({"kind": "Status", "code": 410}, status=410)
            await response.prepare(request)
            event = {"type": "ADDED", "object": template(version=9)}
            await response.write(orjson.dumps(event) + b"\n")
        else:
            await response.prepare(request)
        await asyncio.sleep(30)
        return response

    def _discovery(self) -> dict[str, Any]:
        verbs = ["list", "watch"]
        ours = [
            {"name": kind.plural, "kind": kind.name, "namespaced": kind.namespaced, "verbs": verbs}
            for kind in REFERENTS
        ]
        core = [{"name": "namespaces", "kind": "Namespace", "namespaced": False, "verbs": verbs}]
        crds = [{"name": "customresourcedefinitions", "kind": "X", "namespaced": False}]
        groups = [
            {"name": name, "versions": [{"version": version}], "preferredVersion": {}}
            for name, version in (("kode.jacero.io", "v1alpha1"), ("apiextensions.k8s.io", "v1"))
        ]
        for group in groups:
            group["preferredVersion"] = group["versions"][0]  # type: ignore[index]
        return {
            "/api": {"versions": ["v1"]},
            "/api/v1": {"resources": [{**item, "singularName": ""} for item in core]},
            "/apis": {"groups": groups},
            GROUP: {"resources": [{**item, "singularName": ""} for item in ours]},
            "/apis/apiextensions.k8s.io/v1": {
                "resources": [{**item, "singularName": "", "verbs": verbs} for item in crds]
            },
        }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


async def _until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(25):
        while not check():  # noqa: ASYNC110 - what is waited for happens in another thread
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("refusals", "problem", "status"), [(0, None, 200), (0, "stuck", 500), (1, None, 200)]
)
async def test_what_kopf_sees_is_known_also_after_it_failed_and_it_says_how_we_are(
    monkeypatch: pytest.MonkeyPatch, refusals: int, problem: str | None, status: int
) -> None:
    monkeypatch.setattr(runtime, "_AFTER_FAILURE", 0.05)
    server, port = _Server(refusals=refusals), _free_port()

    async with serving(server) as client:
        url = client._transport._login.server  # noqa: SLF001 - kopf logs in to the same server
        monkeypatch.setattr(runtime, "log_in", lambda: kopf.ConnectionInfo(server=url, token="x"))
        world = World(lambda _: None)
        found = Runtime(client, world, lambda: problem, f"127.0.0.1:{port}")
        running = asyncio.create_task(found.run())

        def seen() -> bool:
            return world.referents.get(PLAIN) is not None and found.ready()

        await _until(seen)
        async with aiohttp.request("GET", f"http://127.0.0.1:{port}/healthz") as response:
            assert response.status == status
        running.cancel()
        await found.stop()
        assert found._thread is not None  # noqa: SLF001 - it must have ended
        assert not found._thread.is_alive()  # noqa: SLF001
    assert server.methods == {"GET"}
    assert server.watches == refusals + 1
