"""Requests and their repetition."""

import asyncio
import time

import pytest
from aiohttp import web

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.kube.client import Client
from kode.kube.errors import NotLeader, Unauthorized
from kode.kube.resources import SECRET, ObjectRef
from kode.kube.transport import Transport
from tests.unit.controllers.objects import child
from tests.unit.controllers.server import TokenIdentity, serving

MANIFEST = child("Secret", "dev-auth")


class _Script:
    """Answers with one status after the other, then with 200."""

    def __init__(self, *statuses: int, headers: dict[str, str] | None = None) -> None:
        self.statuses = list(statuses)
        self.headers = headers or {}
        self.requests: list[web.Request] = []

    async def __call__(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        await request.read()
        if not self.statuses:
            return web.json_response({"metadata": {"name": "dev-auth"}})
        status = self.statuses.pop(0)
        return web.json_response({"message": "trouble"}, status=status, headers=self.headers)


class _Gate:
    """Lets a number of writes in, and notes them."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.noted: list[str] = []

    def acquire(self, what: str) -> float:
        self.left -= 1
        self.noted.append(f"enter {what}")
        if self.left < 0:
            raise NotLeader(Reason.PLATFORM_ERROR, what)
        return 5.0

    def confirm(self, what: str) -> None:
        self.noted.append(f"leave {what}")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_trouble_that_passes_is_waited_out(status: int) -> None:
    script = _Script(status, status)
    async with serving(script) as client:
        await client.create(SECRET.ref(MANIFEST), MANIFEST)
    assert len(script.requests) == 3


@pytest.mark.parametrize("status", [429, 500])
async def test_trouble_that_stays_is_an_error_after_a_few_tries(status: int) -> None:
    script = _Script(*[status] * 9)
    async with serving(script) as client:
        with pytest.raises(PlatformError, match="create Secret team/dev-auth: trouble"):
            await client.create(SECRET.ref(MANIFEST), MANIFEST)
    assert len(script.requests) == 3


@pytest.mark.parametrize("status", [400, 403, 422])
async def test_a_refusal_is_not_repeated(status: int) -> None:
    script = _Script(status)
    async with serving(script) as client:
        with pytest.raises(PlatformError) as raised:
            await client.create(SECRET.ref(MANIFEST), MANIFEST)
    assert raised.value.reason is Reason.REJECTED
    assert len(script.requests) == 1


async def test_the_server_says_how_long_to_wait() -> None:
    script = _Script(429, headers={"Retry-After": "0.3"})
    async with serving(script) as client:
        began = time.monotonic()
        await client.create(SECRET.ref(MANIFEST), MANIFEST)
    assert time.monotonic() - began >= 0.3


async def test_a_cut_connection_is_made_again() -> None:
    cuts = [1, 1]

    async def answer(request: web.Request) -> web.Response:
        if cuts:
            cuts.pop()
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"kind": "Secret"})

    async with serving(answer) as client:
        assert await client.get(ObjectRef(SECRET, "team", "x")) == {"kind": "Secret"}


async def test_a_server_that_is_not_there_is_an_error() -> None:
    transport = Transport(TokenIdentity("http://127.0.0.1:9"), delays=())
    with pytest.raises(PlatformError, match="does not answer"):
        await Client(transport, field_manager="kode").get(ObjectRef(SECRET, "team", "x"))
    await transport.close()


async def test_new_credentials_are_read_where_the_old_ones_are_refused() -> None:
    tokens = ["old", "new"]

    async def answer(request: web.Request) -> web.Response:
        status = 200 if request.headers["Authorization"] == "Bearer new" else 401
        return web.json_response({}, status=status)

    async with serving(answer, token=lambda: tokens.pop(0)) as client:
        assert await client.get(ObjectRef(SECRET, "team", "x")) == {}


async def test_credentials_that_stay_refused_are_an_error() -> None:
    async with serving(_Script(*[401] * 9)) as client:
        with pytest.raises(Unauthorized):
            await client.get(ObjectRef(SECRET, "team", "x"))


async def test_each_try_of_a_write_passes_the_gate_and_a_read_none() -> None:
    script, gate = _Script(500), _Gate(9)
    async with serving(script, gate=gate) as client:
        await client.create(SECRET.ref(MANIFEST), MANIFEST)
        await client.get(ObjectRef(SECRET, "team", "x"))
    what = "create Secret team/dev-auth"
    assert gate.noted == [f"enter {what}", f"enter {what}", f"leave {what}"]


async def test_a_repetition_is_not_let_in_once_the_lease_is_lost() -> None:
    script = _Script(500, 500)
    async with serving(script, gate=_Gate(1)) as client:
        with pytest.raises(NotLeader):
            await client.create(SECRET.ref(MANIFEST), MANIFEST)
    assert len(script.requests) == 1


async def test_the_server_is_told_how_long_a_write_may_last() -> None:
    script = _Script()
    async with serving(script, gate=_Gate(1)) as client:
        await client.create(SECRET.ref(MANIFEST), MANIFEST)
    assert script.requests[0].query["timeout"] == "5s"


async def test_a_write_that_hangs_ends_in_time() -> None:
    class Short(_Gate):
        def acquire(self, what: str) -> float:
            super().acquire(what)
            return 0.2

    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.json_response({})

    async with serving(answer, gate=Short(1)) as client:
        with pytest.raises(NotLeader):
            await client.create(SECRET.ref(MANIFEST), MANIFEST)


async def test_an_answer_that_is_no_json_is_an_error() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="<html>")

    async with serving(answer) as client:
        with pytest.raises(PlatformError, match="not valid JSON"):
            await client.get(ObjectRef(SECRET, "team", "x"))
