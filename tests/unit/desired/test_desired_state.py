"""kode.desired.desired_state."""

import json
from typing import Any

import pytest

from kode import labels
from kode.desired.desired_state import derive
from kode.errors import InvalidSpec
from kode.gateway.sidecar import AuthMode
from kode.render.secret import SidecarSecrets, decode, encode
from tests.documents import CODERCOM, EXT_AUTHZ, WEBTOP, credentials, proxy, resolved, template

pytestmark = pytest.mark.attack

OPA = {"name": "opa", "type": "strict_dns"}


IMAGES = [
    ("code-server", "linuxserver/code-server"),
    ("code-server", CODERCOM),
    ("code-server", "registry.example/team/code-server-behind-a-proxy:1"),
    ("webtop", WEBTOP),
    ("jupyter", "x"),
    ("custom", "x"),
]


@pytest.mark.parametrize(("kind", "image"), IMAGES)
@pytest.mark.parametrize("auth_type", [None, "none", "basic"])
@pytest.mark.parametrize("more", [{}, {"command": ["code-server", "--auth", "none"]}])
def test_where_there_is_a_password_the_sidecar_asks(
    kind: str, image: str, auth_type: str | None, more: dict[str, Any]
) -> None:
    guard = proxy(authType=auth_type) if auth_type else None
    over = template(type=kind, image=image, port=9000, **more)
    desired = derive(resolved(over=over, guard=guard, login=credentials()))
    assert desired.auth_mode is AuthMode.BASIC
    assert "envoy.filters.http.basic_auth" in json.dumps(desired.envoy)


@pytest.mark.parametrize(("kind", "image"), IMAGES)
def test_where_there_is_none_nobody_comes_in(kind: str, image: str) -> None:
    over = template(type=kind, image=image, port=9000)
    assert derive(resolved(over=over)).auth_mode is AuthMode.DENY


def test_arguments_of_the_template_cannot_take_the_login_away() -> None:
    over = template(image=CODERCOM, args=["--auth=none", "--"])
    desired = derive(resolved(over=over, login=credentials()))
    assert desired.auth_mode is AuthMode.BASIC
    workload = desired.render(operator_namespace="kode-system")[-1]
    (editor, _) = workload["spec"]["containers"]
    own = ["--auth=none", "--host=127.0.0.1", "--port=8080", "--config=/dev/null"]
    assert editor["args"] == ["--auth=none", *own, "--"]


def test_filters_of_the_proxy_config_decide_where_they_authenticate() -> None:
    desired = derive(resolved(guard=proxy(httpFilters=[EXT_AUTHZ], clusters=[OPA])))
    assert desired.auth_mode is AuthMode.FILTERS


@pytest.mark.parametrize(
    ("upstream", "port"),
    [
        ('{"port": 9999, "health_path": "/"}', 9999),
        ("", 8080),
        ("[]", 8080),
        ('{"port": []}', 8080),
    ],
)
def test_a_sidecar_leads_to_the_editor_that_runs(upstream: str, port: int) -> None:
    desired = derive(resolved(over=template(image=CODERCOM)))
    assert desired.behind(upstream).sidecar.upstream.port == port


def test_broken_proxy_config_means_nothing() -> None:
    with pytest.raises(InvalidSpec, match="kode_editor is reserved"):
        derive(resolved(guard=proxy(clusters=[{"name": "kode_editor"}])))


@pytest.mark.parametrize(
    ("kind", "image", "keys"),
    [
        ("webtop", WEBTOP, {"editor-authorization", "editor-key"}),
        ("code-server", CODERCOM, set[str]()),
    ],
)
def test_a_login_is_remembered_by_a_value_of_the_sidecars_secret_alone(
    kind: str, image: str, keys: set[str]
) -> None:
    desired = derive(resolved(over=template(type=kind, image=image), login=credentials()))
    session = "s" * 43
    manifests = desired.render(
        operator_namespace="kode-system", secrets=SidecarSecrets(session=session)
    )
    secrets = {it["metadata"]["name"]: it for it in manifests if it["kind"] == "Secret"}
    data = secrets["dev-envoy"]["data"]
    # All together, so that they are brought together.
    files = {"clusters.json", "listeners.json"}
    assert data.keys() == {"htpasswd", "session", *files, *keys}
    assert decode({"data": data}, "session") == session
    others = [it for it in manifests if it is not secrets["dev-envoy"]]
    assert session not in json.dumps(others)
    assert encode(session) not in json.dumps(others)
    plain = desired.render(operator_namespace="kode-system")
    # A new value restarts no pod: who has one is asked once more.
    assert manifests[-1]["spec"] == plain[-1]["spec"]
    # Without its own value in what the sidecar is told to read, it would be read too late.
    revisions = {
        it[-1]["metadata"]["annotations"][labels.SIDECAR_REVISION] for it in (manifests, plain)
    }
    assert len(revisions) == 2
