"""kode.render.resolve."""

from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.api.template import KodeTemplate, Template
from kode.errors import InvalidSpec, KodeError, RefNotFound
from kode.render import editor
from kode.render.resolve import check_proxy_ref, resolve
from tests.documents import (
    CODERCOM,
    WEBTOP,
    cluster_template,
    credentials,
    kode,
    resolved,
    template,
    typed,
    variables,
)
from tests.documents import document as any_document

pytestmark = pytest.mark.attack

URL = "https://example.org/dots"


def elsewhere(**spec: Any) -> KodeTemplate:
    given = {"type": "code-server", "image": "x", **spec}
    return typed(KodeTemplate, any_document("KodeTemplate", "base", given, namespace="other"))


@pytest.mark.parametrize(
    ("of", "over", "home", "workspace", "port"),
    [
        ({}, {}, "/config", "workspace", 8443),
        ({}, {"image": CODERCOM}, "/home/coder", "workspace", 8080),
        ({}, {"image": f"registry.example.org/{CODERCOM}"}, "/home/coder", "workspace", 8080),
        ({}, {"image": "mine", "defaultHome": "/home/coder"}, "/home/coder", "workspace", 8080),
        ({}, {"image": "codercom/code-server-other"}, "/config", "workspace", 8443),
        ({}, {"type": "webtop", "image": WEBTOP}, "/config", "workspace", 3000),
        ({}, {"type": "jupyter", "image": "x"}, "/home/jovyan", "workspace", 8888),
        ({}, {"type": "custom", "image": "x", "port": 9}, "/home/kode", "workspace", 9),
        ({}, {"defaultHome": "/a/b", "defaultWorkspace": "c", "port": 9}, "/a/b", "c", 9),
        ({"home": "/d/e", "workspace": "f"}, {"defaultHome": "/a/b"}, "/d/e", "f", 8443),
    ],
)
def test_kode_wins_over_template_over_image(
    of: dict[str, Any], over: dict[str, Any], home: str, workspace: str, port: int
) -> None:
    found = resolved(kode(**of), template(**over))
    assert (found.home, found.workspace, found.port) == (home, workspace, port)


@pytest.mark.parametrize(
    ("over", "user", "group"),
    [
        ({}, 1000, 1000),
        ({"type": "jupyter"}, 1000, 100),
        ({"type": "jupyter", "puid": 5, "pgid": 6}, 5, 6),
    ],
)
def test_editor_runs_as_the_templates_user_or_the_images(
    over: dict[str, Any], user: int, group: int
) -> None:
    found = resolved(over=template(**over))
    assert (found.puid, found.pgid) == (user, group)


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        (template(), None),
        (cluster_template(), None),
        (elsewhere(), Reason.REF_NOT_PERMITTED),
        (elsewhere(allowedNamespaces=["x"]), Reason.REF_NOT_PERMITTED),
        (elsewhere(allowedNamespaces=["x", "team"]), None),
        (elsewhere(allowedNamespaces=["*"]), None),
    ],
)
def test_template_of_another_namespace_must_name_the_kodes(
    over: Template, reason: Reason | None
) -> None:
    assert refusal(over) is reason


def refusal(over: Template) -> Reason | None:
    try:
        resolve(kode(), over, None, None)
    except KodeError as error:
        return error.reason
    return None


def test_privileged_needs_the_templates_leave() -> None:
    with pytest.raises(
        InvalidSpec, match=r"spec\.privileged: KodeTemplate team/base does not allow it"
    ):
        resolved(kode(privileged=True))
    assert resolved(kode(privileged=True), template(allowPrivileged=True)).privileged


@pytest.mark.parametrize(
    ("over", "message"),
    [
        (template(), None),
        (template(envoyProxyRef={"name": "a"}), None),
        (template(envoyProxyRef={"name": "a", "namespace": "team"}), None),
        (template(envoyProxyRef={"kind": "EnvoyProxyClusterConfig", "name": "a"}), None),
        (cluster_template(envoyProxyRef={"name": "a", "namespace": "x"}), None),
        (
            template(envoyProxyRef={"name": "a", "namespace": "x"}),
            "KodeTemplate team/base may only use an EnvoyProxyConfig of its own namespace, not x/a",
        ),
        (
            cluster_template(envoyProxyRef={"name": "a"}),
            "KodeClusterTemplate base: envoyProxyRef must say the namespace of EnvoyProxyConfig a",
        ),
    ],
)
def test_proxy_config_must_be_within_reach_of_its_template(
    over: Template, message: str | None
) -> None:
    assert refused(over) == message


def refused(over: Template) -> str | None:
    try:
        check_proxy_ref(over)
    except RefNotFound as error:
        return str(error)
    return None


def test_env_of_the_kode_stands_behind_the_templates() -> None:
    over = template(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    found = resolved(kode(env=[{"name": "C"}, {"name": "A", "value": "3"}]), over)
    assert [item.name for item in found.env] == ["A", "B", "C", "A"]
    assert variables(editor.container(found))["A"] == "3"


@pytest.mark.parametrize(
    ("spec", "same"),
    [
        ({"suspend": True}, True),
        ({"password": "x"}, True),
        ({"env": [], "privileged": False}, True),
        ({"storage": {"keepVolume": False}}, True),
        ({"storage": {"resources": {"requests": {"storage": "1Gi"}}}}, True),
        ({"storage": {"existingVolumeClaim": "files"}}, False),
        ({"user": "me"}, False),
        ({"existingSecret": "login"}, False),
        ({"home": "/home/me"}, False),
        ({"workspace": "elsewhere"}, False),
        ({"env": [{"name": "A"}]}, False),
        ({"initPlugins": [{"name": "a", "image": "b"}]}, False),
        ({"userConfig": "https://example.org/dots"}, False),
        ({"dotfiles": {"repository": "https://example.org/dots"}}, False),
        ({"parameters": {}}, True),
    ],
)
def test_part_of_the_kode_is_what_its_pod_depends_on(spec: dict[str, Any], *, same: bool) -> None:
    assert (resolved(kode(**spec)).kode_inputs == resolved(kode()).kode_inputs) is same


def test_user_config_is_short_for_a_repository_of_dotfiles() -> None:
    short = resolved(kode(userConfig=URL))
    assert short.dotfiles == resolved(kode(dotfiles={"repository": URL})).dotfiles
    assert resolved().dotfiles is None


def test_login_is_shown_without_its_password() -> None:
    text = repr(resolved(login=credentials()))
    assert "devuser" in text
    assert "devpassword" not in text
