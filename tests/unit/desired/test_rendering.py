"""Rendering any Kode over any template: total, deterministic, and never with an open door."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kode.api import layout
from kode.api.kode import Kode
from kode.api.proxyconfig import EnvoyProxyConfig
from kode.api.template import KodeTemplate
from kode.desired.desired_state import DesiredState, derive
from kode.errors import KodeError
from kode.gateway.authentication import authenticates
from kode.gateway.sidecar import AuthMode
from kode.render.editor import container
from kode.render.metadata import Manifest
from kode.render.resolve import Credentials, resolve
from kode.render.secret import encode
from tests.documents import Document, typed
from tests.strategies import KODES, PROXY_CONFIGS, TEMPLATES

PASSWORD = "hunter2-hunter2"
LOGINS = st.sampled_from(
    [
        None,
        Credentials("abc", PASSWORD, "dev-auth"),
        Credentials("$(X)", PASSWORD, "login"),
    ]
)
GRANTING = ("team",)
GUARDS = st.none() | PROXY_CONFIGS


def desired(
    kode: Document, template: Document, guard: Document | None, login: Credentials | None
) -> DesiredState | KodeError:
    proxy = typed(EnvoyProxyConfig, guard) if guard else None
    try:
        return derive(
            resolve(typed(Kode, kode), typed(KodeTemplate, template), proxy, login, GRANTING)
        )
    except KodeError as error:
        return error


def rendered(found: DesiredState) -> str:
    manifests = found.render(operator_namespace="kode-system")
    return json.dumps([found.envoy, manifests], ensure_ascii=False, allow_nan=False)


@settings(max_examples=200)
@given(KODES, TEMPLATES, GUARDS, LOGINS)
def test_rendering_holds_what_it_promises(
    kode: Document, template: Document, guard: Document | None, login: Credentials | None
) -> None:
    found, again = (desired(kode, template, guard, login) for _ in range(2))
    assert PASSWORD not in repr(found)
    if not isinstance(found, DesiredState) or not isinstance(again, DesiredState):
        assert str(found) == str(again)
        return
    assert rendered(found) == rendered(again)
    manifests = found.render(operator_namespace="kode-system")
    (service,) = (item for item in manifests if item["kind"] == "Service")
    pods = [item for item in manifests if item["kind"] == "Pod"]
    assert len(pods) == (0 if found.kode.suspend else 1)
    shut(found, service, pods)
    secretive(manifests)
    owned(found, manifests)


def shut(found: DesiredState, service: Manifest, pods: list[Manifest]) -> None:
    """No combination of fields opens an editor."""
    assert [item["targetPort"] for item in service["spec"]["ports"]] == [layout.SIDECAR_HTTP]
    editor = container(found.kode)
    assert all(pod["spec"]["containers"][0] == editor for pod in pods)
    if found.kode.image_profile.starts_as_root:
        # These ask where a variable says so; to the others it is a variable like any other.
        values = [item.get("value") for item in editor["env"] if "PASSWORD" in item["name"]]
        assert not any(values)
    match found.auth_mode:
        case AuthMode.BASIC:
            assert found.kode.credentials is not None
            # What stands before it answers nobody, and all of an administrator's stands after it.
            assert filters(found)[:3] == [
                "envoy.filters.http.lua",
                "envoy.filters.http.basic_auth",
                "envoy.filters.http.set_metadata",
            ]
        case AuthMode.FILTERS:
            assert authenticates(found.kode.proxy.http_filters)
        case AuthMode.DENY:
            assert filters(found) == ["envoy.filters.http.router"]
    assert len({found.kode.port, layout.SIDECAR_HTTP, layout.SIDECAR_HEALTH}) == 3


def filters(found: DesiredState) -> list[str]:
    listener: Any = found.envoy["static_resources"]
    manager = listener["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    return [item["name"] for item in manager["http_filters"]]


def secretive(manifests: tuple[Manifest, ...]) -> None:
    """A password stands in its Secret and nowhere else."""
    for manifest in manifests:
        text = json.dumps(manifest)
        assert PASSWORD not in text
        assert manifest["metadata"]["name"] == "dev-auth" or encode(PASSWORD) not in text


def owned(found: DesiredState, manifests: tuple[Manifest, ...]) -> None:
    """Children have names of their own, and one owner."""
    places = [(item["kind"], item["metadata"]["name"]) for item in manifests]
    assert len(set(places)) == len(places)
    for item in manifests:
        owners = item["metadata"].get("ownerReferences", [])
        assert item["metadata"]["namespace"] == "team"
        assert [owner["uid"] for owner in owners] == [found.kode.uid] or (
            item["kind"] == "PersistentVolumeClaim" and not owners
        )
