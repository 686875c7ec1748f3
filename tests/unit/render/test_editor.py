"""kode.render.editor."""

from typing import Any

import pytest

from kode.render import editor
from tests.documents import (
    CODERCOM,
    WEBTOP,
    credentials,
    kode,
    resolved,
    template,
    variables,
)


def test_workspace_is_made_folder_by_folder() -> None:
    (folders,) = editor.init_containers(resolved(kode(workspace="src/app/x")))
    paths = folders["command"][4:]
    assert paths == ["/config/src", "/config/src/app", "/config/src/app/x"]


def test_dotfiles_are_brought_in_last_by_the_editors_user() -> None:
    given = kode(
        dotfiles={"repository": "https://example.org/$(X)", "install": "make $HOME"},
        initPlugins=[{"name": "a", "image": "b"}],
        env=[{"name": "HTTPS_PROXY", "value": "http://proxy"}, {"name": "HOME", "value": "/x"}],
    )
    over = template(puid=7, envFrom=[{"secretRef": {"name": "s"}}])
    folders, _, found = editor.init_containers(resolved(given, over))
    assert folders["command"][4:] == ["/config", "/config/workspace"]
    assert found["command"][4:] == ["https://example.org/$$(X)", "", "make $$HOME"]
    assert variables(found) == {"HTTPS_PROXY": "http://proxy", "HOME": "/config"}
    assert found["envFrom"] == [{"secretRef": {"name": "s"}}]
    assert (found["securityContext"]["runAsUser"], "privileged" in found["securityContext"]) == (
        7,
        False,
    )


@pytest.mark.parametrize("name", ["PORT", "CODE_SERVER_HOST", "DEFAULT_WORKSPACE", "PUID", "PGID"])
@pytest.mark.parametrize("prefix", ["", "FILE__"])
def test_variables_of_the_product_cannot_be_set(name: str, prefix: str) -> None:
    given = [{"name": prefix + name, "value": "mine"}]
    for found in (resolved(kode(env=given)), resolved(over=template(env=given))):
        assert "mine" not in variables(editor.container(found, login=False)).values()


@pytest.mark.parametrize("name", ["CUSTOM_PORT", "CUSTOM_HTTPS_PORT", "FILE__CUSTOM_WS_PORT"])
def test_no_port_of_a_desktop_can_be_moved_onto_the_sidecars(name: str) -> None:
    given = [{"name": name, "value": "15080"}]
    found = resolved(kode(env=given), template(type="webtop", image=WEBTOP))
    assert "15080" not in variables(editor.container(found, login=False)).values()


@pytest.mark.parametrize("name", ["PASSWORD", "HASHED_PASSWORD", "FILE__PASSWORD"])
def test_login_cannot_be_replaced_by_a_variable(name: str) -> None:
    found = resolved(kode(env=[{"name": name, "value": "mine"}]), login=credentials())
    env = variables(editor.container(found, login=True))
    assert "mine" not in env.values()
    assert env["PASSWORD"] == {"secretKeyRef": {"name": "dev-auth", "key": "password"}}


def test_time_zone_of_the_kode_wins() -> None:
    found = resolved(kode(env=[{"name": "TZ", "value": "Asia/Tokyo"}]), template(tz="Europe/Rome"))
    assert variables(editor.container(found, login=False))["TZ"] == "Asia/Tokyo"


def test_user_name_is_not_read_as_a_reference() -> None:
    login = credentials(user="$(SECRET)")
    found = resolved(over=template(type="webtop", image=WEBTOP), login=login)
    assert variables(editor.container(found, login=False))["CUSTOM_USER"] == "$$(SECRET)"


DEFAULT = {
    "requests": {"cpu": "100m", "memory": "512Mi"},
    "limits": {"cpu": "2", "memory": "4Gi"},
}


@pytest.mark.parametrize(
    ("resources", "found"),
    [
        (None, DEFAULT),
        ({}, DEFAULT),
        ({"requests": {}, "limits": None}, DEFAULT),
        ({"requests": {"cpu": 1}, "limits": {}}, {"requests": {"cpu": "1"}}),
    ],
)
def test_resources_are_always_set(resources: Any, found: dict[str, Any]) -> None:
    container = editor.container(resolved(over=template(resources=resources)), login=False)
    assert container["resources"] == found


@pytest.mark.parametrize(
    ("over", "starts_as"),
    [
        ({}, None),
        ({"image": CODERCOM, "puid": 1234}, 1234),
        ({"type": "webtop", "image": WEBTOP}, None),
    ],
)
def test_image_that_becomes_its_user_by_itself_starts_as_root(
    over: dict[str, Any], starts_as: int | None
) -> None:
    found = editor.security(resolved(over=template(**over)))
    assert found.get("runAsUser") == starts_as
    assert found["capabilities"]["drop"] == ["ALL"]
    assert ("add" in found["capabilities"]) is (starts_as is None)
    assert (found.get("allowPrivilegeEscalation") is False) is (starts_as is not None)


def test_every_container_of_a_pod_has_no_right_that_its_image_does_not_need() -> None:
    plugins = [{"name": "a", "image": "b"}]
    given = kode(dotfiles={"repository": "https://example.org/x"}, initPlugins=plugins)
    pod = resolved(given, template(image=CODERCOM, initPlugins=plugins))
    for found in (*editor.init_containers(pod), editor.container(pod, login=True)):
        security = found["securityContext"]
        assert security["runAsNonRoot"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
    root = resolved(given, template(initPlugins=plugins))
    for found in (*editor.init_containers(root)[:-1], editor.container(root, login=True)):
        kept = found["securityContext"]["capabilities"]
        assert kept["drop"] == ["ALL"]
        assert not {"MKNOD", "NET_RAW", "SETFCAP", "SETPCAP", "SYS_CHROOT"} & {*kept["add"]}


def test_command_of_the_template_starts_where_its_image_says() -> None:
    over = template(image=CODERCOM, command=["mine"], args=["x"])
    found = editor.container(resolved(over=over), login=False)
    assert (found["command"], found["args"]) == (["mine"], ["x"])
    assert "workingDir" not in found


@pytest.mark.parametrize(
    ("spec", "begins"),
    [
        ({}, ["start-notebook.py", "--ServerApp.ip=127.0.0.1"]),
        ({"args": ["--debug"]}, ["start-notebook.py", "--debug", "--ServerApp.ip=127.0.0.1"]),
        ({"args": ["jupyter", "lab"]}, ["jupyter", "lab", "--ServerApp.ip=127.0.0.1"]),
        ({"command": ["mine"], "args": ["x"]}, ["x"]),
    ],
)
def test_jupyter_is_told_its_place_unless_the_template_starts_it(
    spec: dict[str, Any], begins: list[str]
) -> None:
    over = template(type="jupyter", image="example/jupyter/base-notebook", **spec)
    found = editor.container(resolved(over=over), login=False)["args"]
    assert found[: len(begins)] == begins
    assert ("--IdentityProvider.token=" in found) is ("command" not in spec)


def test_home_of_a_custom_program_is_the_only_one() -> None:
    over = template(type="custom", image="x", port=9000)
    for path in ("/home/kode", "/data/me"):
        found = editor.container(resolved(kode(home=path), over), login=False)
        assert [it["mountPath"] for it in found["volumeMounts"]] == [path]
        assert variables(found)["HOME"] == path
