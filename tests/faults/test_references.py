"""What a Kode refers to is missing, broken, comes later, or goes while its editor runs.

Rule: the order in which things come does not matter, conditions say what is missing, and nothing
that is taken away ends a running editor.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bench.api import Object
from tests.faults.conftest import Installation, World, visited
from tests.faults.place import NAME, PASSWORD, Place, condition, spec, template, until
from tests.faults.steps import CREATE, RESUME, SUSPEND, told

pytestmark = [pytest.mark.cluster, pytest.mark.asyncio(loop_scope="module")]

_ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attended(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """The API server with an operator."""
    folder = tmp_path_factory.mktemp("references")
    async with visited(installation, folder) as world, world.replica() as replica:
        replica.start()
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def place(attended: World) -> Place:
    return await attended.place()


async def test_a_template_that_comes_later(place: Place) -> None:
    await place.delete("KodeTemplate", "template")
    await place.create("Kode", NAME, spec(password=PASSWORD))
    await _says(place, "ResolvedRefs", "False", "TemplateNotFound")
    assert await place.pod() is None
    await place.create("KodeTemplate", "template", template())
    await until(lambda: CREATE.done(place), "a running editor")


async def test_a_proxy_config_that_comes_later(place: Place) -> None:
    await place.delete("EnvoyProxyConfig", "door")
    await place.create("Kode", NAME, spec(password=PASSWORD))
    await _says(place, "ResolvedRefs", "False", "ProxyConfigNotFound")
    assert await place.pod() is None
    await place.create("EnvoyProxyConfig", "door", {"authType": "basic"})
    await until(lambda: CREATE.done(place), "a running editor")


async def test_a_secret_that_comes_later(place: Place) -> None:
    await place.create("Kode", NAME, spec(existingSecret="login"))
    await _says(place, "ResolvedRefs", "False", "SecretNotFound")
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "login",
            "namespace": place.namespace,
            "labels": {"kode.jacero.io/login": "true"},
        },
        "stringData": {"password": PASSWORD},
    }
    await place.api.create(secret)
    await until(lambda: CREATE.done(place), "a running editor")


async def test_a_proxy_config_that_is_broken_and_mended(place: Place) -> None:
    await place.patch("EnvoyProxyConfig", "door", {"spec": {"httpFilters": [_ROUTER]}})
    await place.create("Kode", NAME, spec(password=PASSWORD))
    await _says(place, "ResolvedRefs", "False", "ProxyConfigInvalid")
    assert await place.pod() is None
    await place.patch("EnvoyProxyConfig", "door", {"spec": {"httpFilters": None}})
    await until(lambda: CREATE.done(place), "a running editor")


@pytest.mark.parametrize("kind", ["KodeTemplate", "EnvoyProxyConfig"])
async def test_what_goes_under_a_running_editor_ends_nothing(place: Place, kind: str) -> None:
    await told(place, [CREATE])
    before = await _pod_uid(place)
    if kind == "KodeTemplate":
        await place.delete(kind, "template")
        await _says(place, "ResolvedRefs", "False", "TemplateNotFound")
    else:
        await place.delete(kind, "door")
        await _says(place, "ResolvedRefs", "False", "ProxyConfigNotFound")
    await asyncio.sleep(2)
    assert await _pod_uid(place) == before
    # It can still be suspended; to come back it needs what is gone.
    await told(place, [SUSPEND])
    await RESUME.act(place)
    await _says(place, "ResolvedRefs", "False", "NotFound")
    if kind == "KodeTemplate":
        await place.create(kind, "template", template())
    else:
        await place.create(kind, "door", {"authType": "basic"})
    await until(lambda: RESUME.done(place), "a running editor")


async def test_a_template_broken_under_a_running_editor_ends_nothing(place: Place) -> None:
    await told(place, [CREATE])
    before = await _pod_uid(place)
    await place.patch("KodeTemplate", "template", {"spec": {"envoyProxyRef": {"name": "other"}}})
    await _says(place, "ResolvedRefs", "False", "ProxyConfigNotFound")
    await asyncio.sleep(2)
    assert await _pod_uid(place) == before
    await place.patch("KodeTemplate", "template", {"spec": {"envoyProxyRef": {"name": "door"}}})
    await until(lambda: CREATE.done(place), "a running editor")
    assert await _pod_uid(place) == before


async def test_a_template_that_only_the_parser_refuses_ends_nothing(place: Place) -> None:
    await told(place, [CREATE])
    before = await _pod_uid(place)
    # A space that only Unicode calls so: the API server's patterns let it pass.
    await place.patch("KodeTemplate", "template", {"spec": template(image="kode/\u3000tools")})
    await _says(place, "ResolvedRefs", "False", "TemplateInvalid")
    found = await place.kode()
    assert "spec.image" in condition(found, "ResolvedRefs")["message"]
    assert condition(found, "Ready")["status"] == "True"
    await asyncio.sleep(2)
    assert await _pod_uid(place) == before
    await place.patch("KodeTemplate", "template", {"spec": template()})
    await until(lambda: CREATE.done(place), "a running editor")
    assert await _pod_uid(place) == before


async def _says(place: Place, kind: str, status: str, reason: str) -> None:
    async def said() -> bool:
        found = condition(await place.kode(), kind)
        return found.get("status") == status and found.get("reason", "").endswith(reason)

    await until(said, f"{kind} {status} {reason}", seconds=20)


async def _pod_uid(place: Place) -> str:
    pod = await place.pod()
    assert pod is not None
    return str(pod["metadata"]["uid"])
