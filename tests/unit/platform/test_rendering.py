"""Rendering any Kode over any template: total, deterministic, and never with an open door."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kode.api import ports
from kode.api.kode import Kode
from kode.api.proxyconfig import EnvoyProxyConfig
from kode.api.template import KodeTemplate
from kode.errors import KodeError
from kode.gateway.authentication import authenticates
from kode.gateway.sidecar import Door
from kode.platform.desired import Meaning, mean
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
GUARDS = st.none() | PROXY_CONFIGS


def meaning(
    kode: Document, template: Document, guard: Document | None, login: Credentials | None
) -> Meaning | KodeError:
    proxy = typed(EnvoyProxyConfig, guard) if guard else None
    try:
        return mean(resolve(typed(Kode, kode), typed(KodeTemplate, template), proxy, login))
    except KodeError as error:
        return error


def rendered(found: Meaning) -> str:
    manifests = found.render(operator_namespace="kode-system", revision=1)
    return json.dumps([found.envoy, manifests], ensure_ascii=False, allow_nan=False)


@given(KODES, TEMPLATES, GUARDS, LOGINS)
def test_rendering_is_total_and_deterministic(
    kode: Document, template: Document, guard: Document | None, login: Credentials | None
) -> None:
    found, again = (meaning(kode, template, guard, login) for _ in range(2))
    if isinstance(found, Meaning) and isinstance(again, Meaning):
        assert rendered(found) == rendered(again)
    else:
        assert str(found) == str(again)


@given(KODES, TEMPLATES, GUARDS, LOGINS)
def test_no_combination_of_fields_opens_an_editor(
    kode: Document, template: Document, guard: Document | None, login: Credentials | None
) -> None:
    found = meaning(kode, template, guard, login)
    if not isinstance(found, Meaning):
        return
    *_, service, workload = found.render(operator_namespace="kode-system", revision=1)
    assert [item["targetPort"] for item in service["spec"]["ports"]] == [ports.SIDECAR_HTTP]
    editor = workload["spec"]["template"]["spec"]["containers"][0]
    env = {item["name"]: item for item in editor.get("env", [])}
    match found.door:
        case Door.EDITOR:
            assert env["PASSWORD"]["valueFrom"]["secretKeyRef"]["key"] == "password"
            assert "HASHED_PASSWORD" not in env
            assert "command" not in editor
        case Door.BASIC:
            assert found.kode.credentials is not None
            assert filters(found)[0] == "envoy.filters.http.basic_auth"
        case Door.FILTERS:
            assert authenticates(found.kode.proxy.http_filters)
        case Door.CLOSED:
            assert filters(found) == ["envoy.filters.http.router"]
    listening = {found.kode.port, ports.SIDECAR_HTTP, ports.SIDECAR_HEALTH}
    assert len(listening) == 3


def filters(found: Meaning) -> list[str]:
    listener: Any = found.envoy["static_resources"]
    manager = listener["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    return [item["name"] for item in manager["http_filters"]]


@given(KODES, TEMPLATES, GUARDS, LOGINS)
def test_password_stands_in_its_secret_and_nowhere_else(
    kode: Document, template: Document, guard: Document | None, login: Credentials | None
) -> None:
    found = meaning(kode, template, guard, login)
    assert PASSWORD not in repr(found)
    if not isinstance(found, Meaning):
        return
    for manifest in found.render(operator_namespace="kode-system", revision=1):
        text = json.dumps(manifest)
        assert PASSWORD not in text
        if manifest["metadata"]["name"] != "dev-auth":
            assert encode(PASSWORD) not in text


@given(KODES, TEMPLATES)
def test_children_have_names_of_their_own_and_one_owner(kode: Document, template: Document) -> None:
    found = meaning(kode, template, None, Credentials("abc", PASSWORD, "dev-auth"))
    if not isinstance(found, Meaning):
        return
    manifests = found.render(operator_namespace="kode-system", revision=1)
    places = [(item["kind"], item["metadata"]["name"]) for item in manifests]
    assert len(set(places)) == len(places)
    for item in manifests:
        owners = item["metadata"].get("ownerReferences", [])
        assert item["metadata"]["namespace"] == "team"
        assert [owner["uid"] for owner in owners] == [found.kode.uid] or (
            item["kind"] == "PersistentVolumeClaim" and not owners
        )
