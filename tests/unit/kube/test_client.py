"""The verbs as requests, and watches as events."""

from typing import Any

import orjson
import pytest
from aiohttp import web

from kode.errors import Expired, PlatformError
from kode.kube.client import ListOptions
from kode.kube.errors import AlreadyExists, ApiConflict, NotFound
from kode.kube.resources import SECRET, ObjectRef
from kode.platform.resources import KODE
from tests.unit.controllers.objects import child
from tests.unit.controllers.server import Answer, serving

MANIFEST = child("Secret", "dev-auth")
PATH = "/api/v1/namespaces/team/secrets"


class _Echo:
    """Answers with the request."""

    def __init__(self, status: int = 200, reason: str = "") -> None:
        self.status = status
        self.reason = reason
        self.seen: list[tuple[str, str, dict[str, str], str, Any]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.seen.append(
            (
                request.method,
                request.raw_path.split("?")[0],
                dict(request.query),
                request.content_type,
                orjson.loads(body) if body else None,
            )
        )
        return web.json_response({"reason": self.reason}, status=self.status)


async def test_a_create_names_the_field_manager_and_is_strict() -> None:
    echo = _Echo()
    async with serving(echo) as client:
        await client.create(SECRET.ref(MANIFEST), MANIFEST)
    ((method, path, query, _, body),) = echo.seen
    assert (method, path, body) == ("POST", PATH, MANIFEST)
    assert query["fieldManager"] == "kode"
    assert query["fieldValidation"] == "Strict"


async def test_an_apply_forces_and_means_one_uid() -> None:
    echo = _Echo()
    async with serving(echo) as client:
        await client.apply(SECRET.ref(MANIFEST), MANIFEST, uid="the-uid", force=True)
    ((method, path, query, content, body),) = echo.seen
    assert (method, path, content) == ("PATCH", f"{PATH}/dev-auth", "application/apply-patch+yaml")
    assert query["force"] == "true"
    assert body["metadata"]["uid"] == "the-uid"


async def test_patches_replacements_and_deletes_are_what_they_are_called() -> None:
    echo = _Echo()
    async with serving(echo) as client:
        await client.patch_merge(
            ObjectRef(KODE, "team", "dev"), {"status": {}}, subresource="status"
        )
        await client.patch_json(ObjectRef(SECRET, "team", "dev"), [{"op": "remove", "path": "/x"}])
        await client.replace(SECRET.ref(MANIFEST), MANIFEST)
        await client.delete(ObjectRef(SECRET, "team", "dev-auth"), uid="the-uid")
    assert [(method, path, content) for method, path, _, content, _ in echo.seen] == [
        (
            "PATCH",
            "/apis/kode.jacero.io/v1alpha1/namespaces/team/kodes/dev/status",
            "application/merge-patch+json",
        ),
        ("PATCH", f"{PATH}/dev", "application/json-patch+json"),
        ("PUT", f"{PATH}/dev-auth", "application/json"),
        ("DELETE", f"{PATH}/dev-auth", "application/json"),
    ]
    assert echo.seen[3][4]["preconditions"] == {"uid": "the-uid"}


async def test_what_is_gone_is_found_as_none_and_not_found_otherwise() -> None:
    ref = ObjectRef(SECRET, "team", "x")
    async with serving(_Echo(404)) as client:
        assert await client.find(ref) is None
        for call in (client.get(ref), client.delete(ref, uid="uid")):
            with pytest.raises(NotFound, match="Secret team/x"):
                await call


async def test_a_name_that_is_taken_and_a_version_that_is_old_are_told_apart() -> None:
    async with serving(_Echo(409, "AlreadyExists")) as client:
        with pytest.raises(AlreadyExists):
            await client.create(SECRET.ref(MANIFEST), MANIFEST)
    async with serving(_Echo(409, "Conflict")) as client:
        with pytest.raises(ApiConflict):
            await client.replace(SECRET.ref(MANIFEST), MANIFEST)


@pytest.mark.attack
async def test_a_hostile_name_stays_one_part_of_the_path() -> None:
    echo = _Echo()
    async with serving(echo) as client:
        await client.get(ObjectRef(SECRET, "team", "../../x?y"))
    assert echo.seen[0][1] == f"{PATH}/..%2F..%2Fx%3Fy"


async def test_a_list_is_read_page_by_page() -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.query["labelSelector"] == "a=b"
        assert request.headers["Accept"].startswith("application/json;as=PartialObjectMetadataList")
        last = request.query.get("continue") == "more"
        metadata = {"resourceVersion": "7"} | ({} if last else {"continue": "more"})
        items = [{"metadata": {"name": "second" if last else "first"}}]
        return web.json_response({"metadata": metadata, "items": items})

    async with serving(answer) as client:
        scope = ListOptions(SECRET, "a=b", metadata_only=True)
        pages = [page async for page in client.pages(scope)]
    assert [page.items[0]["metadata"]["name"] for page in pages] == ["first", "second"]
    assert pages[0].items[0]["kind"] == "Secret"
    assert pages[1].resource_version == "7"


def _streaming(*chunks: bytes) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.query["watch"] == "true"
        assert request.query["resourceVersion"] == "5"
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        return response

    return answer


def _line(change: str, found: dict[str, Any]) -> bytes:
    return orjson.dumps({"type": change, "object": found}) + b"\n"


async def test_events_are_whole_however_they_are_cut_and_however_long() -> None:
    long = "x" * 300_000
    stream = _line("ADDED", {"metadata": {"name": "a", "note": long}}) + _line(
        "DELETED", {"metadata": {"name": "b"}}
    )
    chunks = [stream[:7], stream[7:200_000], stream[200_000:-3], stream[-3:]]
    async with serving(_streaming(*chunks)) as client:
        events = client.watch(ListOptions(SECRET), "5")
        seen = [
            (change, found["metadata"]["name"], found["kind"]) async for change, found in events
        ]
    assert seen == [("ADDED", "a", "Secret"), ("DELETED", "b", "Secret")]


@pytest.mark.parametrize(("code", "kind"), [(410, Expired), (500, PlatformError)])
async def test_an_error_among_the_events_is_raised(code: int, kind: type[Exception]) -> None:
    async with serving(_streaming(_line("ERROR", {"code": code, "message": "old"}))) as client:
        with pytest.raises(kind, match="watch secrets: old"):
            async for _ in client.watch(ListOptions(SECRET), "5"):
                pass


async def test_a_watch_that_is_refused_is_an_error() -> None:
    async with serving(_Echo(403)) as client:
        with pytest.raises(PlatformError, match="watch secrets"):
            async for _ in client.watch(ListOptions(SECRET), "5"):
                pass


async def test_a_watch_that_is_cut_is_an_error() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(_line("ADDED", {"metadata": {"name": "a"}}))
        assert request.transport is not None
        request.transport.abort()
        return response

    seen = []
    async with serving(answer) as client:
        events = client.watch(ListOptions(SECRET), "5")
        seen.append((await anext(events))[1]["metadata"]["name"])
        with pytest.raises(PlatformError, match="does not answer"):
            await anext(events)
    assert seen == ["a"]
