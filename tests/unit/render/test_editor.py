"""kode.render.editor."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kode.evaluate.observed import START_TIMEOUT
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

pytestmark = pytest.mark.attack


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
    folders, _, _, found = editor.init_containers(resolved(given, over))
    assert folders["command"][4:] == ["/config", "/config/workspace"]
    assert found["command"][4:] == ["https://example.org/$$(X)", "", "make $$HOME"]
    env = variables(found)
    assert (env["HTTPS_PROXY"], env["HOME"]) == ("http://proxy", "/config")
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
        assert "mine" not in variables(editor.container(found)).values()


@pytest.mark.parametrize("name", ["CUSTOM_PORT", "CUSTOM_HTTPS_PORT", "FILE__CUSTOM_WS_PORT"])
def test_no_port_of_a_desktop_can_be_moved_onto_the_sidecars(name: str) -> None:
    given = [{"name": name, "value": "15080"}]
    found = resolved(kode(env=given), template(type="webtop", image=WEBTOP))
    assert "15080" not in variables(editor.container(found)).values()


@pytest.mark.parametrize("image", ["linuxserver/code-server", "example/code-server-of-ours"])
@pytest.mark.parametrize("name", ["PASSWORD", "HASHED_PASSWORD", "FILE__PASSWORD"])
def test_code_server_asks_for_no_password_whatever_a_variable_says(image: str, name: str) -> None:
    over = template(image=image, env=[{"name": name, "value": "mine"}])
    for found in (resolved(over=over), resolved(over=over, login=credentials())):
        env = variables(editor.container(found))
        assert "mine" not in env.values()
        assert (env["PASSWORD"], env["HASHED_PASSWORD"]) == ("", "")


def test_no_file_of_the_home_is_code_servers_configuration() -> None:
    for over in (template(), template(image="example/x"), template(image=CODERCOM, command=["x"])):
        mine = [{"name": "CODE_SERVER_CONFIG", "value": "/config/mine.yaml"}]
        env = variables(editor.container(resolved(kode(env=mine), over)))
        assert env["CODE_SERVER_CONFIG"] == "/dev/null"
    args = editor.container(resolved(over=template(image=CODERCOM)))["args"]
    assert args[-1] == "--config=/dev/null"


@pytest.mark.parametrize(
    ("spec", "port"),
    [
        ({}, None),
        ({"image": "registry.example/mirror/linuxserver/code-server:4"}, None),
        ({"image": CODERCOM}, None),
        ({"port": 9000}, "9000"),
        ({"image": "example/code-server-of-ours"}, "8443"),
        ({"command": ["mine"]}, "8443"),
        ({"image": CODERCOM, "command": ["mine"]}, "8080"),
        ({"envFrom": [{"secretRef": {"name": "s"}}]}, ""),
    ],
)
def test_the_port_of_the_editor_is_no_variable_of_its_terminals_where_it_need_not_be(
    spec: dict[str, Any], port: str | None
) -> None:
    assert variables(editor.container(resolved(over=template(**spec)))).get("PORT") == port


def test_who_is_told_its_port_by_an_option_leaves_the_variable_to_people() -> None:
    mine = [{"name": "PORT", "value": "3000"}]
    found = editor.container(resolved(kode(env=mine), template(image=CODERCOM)))
    assert variables(found)["PORT"] == "3000"
    assert "--port=8080" in found["args"]


@pytest.mark.parametrize(
    ("spec", "shadows"),
    [
        ({}, {"FILE__PASSWORD": "", "FILE__CODE_SERVER_HOST": "", "FILE__PORT": "", "PORT": ""}),
        (
            {"type": "webtop", "image": WEBTOP},
            {"FILE__PASSWORD": "", "CUSTOM_HTTPS_PORT": "3001", "CUSTOM_WS_PORT": "8082"},
        ),
        ({"type": "jupyter", "image": "x"}, {"NOTEBOOK_ARGS": ""}),
    ],
)
def test_what_nobody_may_set_cannot_come_out_of_a_secret(
    spec: dict[str, Any], shadows: dict[str, str]
) -> None:
    over = template(**spec, envFrom=[{"secretRef": {"name": "s"}}])
    assert shadows.items() <= variables(editor.container(resolved(over=over))).items()


@pytest.mark.parametrize("name", ["PASSWORD", "FILE__PASSWORD"])
def test_a_desktops_lock_is_opened_by_its_sidecar_alone(name: str) -> None:
    given = [{"name": name, "value": "mine"}]
    over = template(type="webtop", image=WEBTOP, env=given)
    env = variables(editor.container(resolved(over=over, login=credentials())))
    assert env["PASSWORD"] == {"secretKeyRef": {"name": "dev-envoy", "key": "editor-key"}}
    assert "mine" not in env.values()
    assert "PASSWORD" not in variables(editor.container(resolved(over=over)))


def test_time_zone_of_the_kode_wins() -> None:
    found = resolved(kode(env=[{"name": "TZ", "value": "Asia/Tokyo"}]), template(tz="Europe/Rome"))
    assert variables(editor.container(found))["TZ"] == "Asia/Tokyo"


def test_user_name_is_not_read_as_a_reference() -> None:
    login = credentials(user="$(SECRET)")
    found = resolved(over=template(type="webtop", image=WEBTOP), login=login)
    assert variables(editor.container(found))["CUSTOM_USER"] == "$$(SECRET)"


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
    container = editor.container(resolved(over=template(resources=resources)))
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
    for found in (*editor.init_containers(pod), editor.container(pod)):
        security = found["securityContext"]
        assert security["runAsNonRoot"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
    root = resolved(given, template(initPlugins=plugins))
    for found in (*editor.init_containers(root)[:-1], editor.container(root)):
        kept = found["securityContext"]["capabilities"]
        assert kept["drop"] == ["ALL"]
        assert not {"MKNOD", "NET_RAW", "SETFCAP", "SETPCAP", "SYS_CHROOT"} & {*kept["add"]}


def test_command_of_the_template_starts_where_its_image_says() -> None:
    over = template(image=CODERCOM, command=["mine"], args=["x"])
    found = editor.container(resolved(over=over))
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
    found = editor.container(resolved(over=over))["args"]
    assert found[: len(begins)] == begins
    assert ("--IdentityProvider.token=" in found) is ("command" not in spec)


def test_a_lone_dash_pair_ends_no_option_of_jupyters() -> None:
    over = template(type="jupyter", image="x", args=["--debug", "--", "/home/jovyan"])
    found = editor.container(resolved(over=over))["args"]
    assert found[-2:] == ["--", "/home/jovyan"]
    assert found.index("--ServerApp.ip=127.0.0.1") < found.index("--")


def test_home_of_a_custom_program_is_the_only_one() -> None:
    over = template(type="custom", image="x", port=9000)
    for path in ("/home/kode", "/data/me"):
        found = editor.container(resolved(kode(home=path), over))
        homes = [it["mountPath"] for it in found["volumeMounts"] if it["name"] == "home"]
        assert homes == [path]
        assert variables(found)["HOME"] == path


def test_an_editor_is_waited_for_as_long_as_conditions_say() -> None:
    probe = editor.container(resolved(kode()))["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == START_TIMEOUT


@pytest.mark.parametrize(
    "over", [template(), template(image=CODERCOM), template(type="webtop", image=WEBTOP)]
)
def test_every_editor_has_shared_memory(over: Any) -> None:
    mounted = editor.container(resolved(kode(), over))["volumeMounts"]
    assert [it["mountPath"].split("/") for it in mounted if it["name"] == "shm"] == [
        ["", "dev", "shm"]
    ]


def test_what_a_volumes_new_group_has_opened_is_closed_again(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    for path in (home / ".ssh/keys", home / ".gnupg", home / "project", elsewhere):
        path.mkdir(parents=True)
    private = (".ssh/id_ed25519", ".ssh/keys/other", ".ssh/known_hosts", ".pgpass", ".netrc")
    for name in (*private, "project/shared"):
        (home / name).write_text("x")
    (elsewhere / "file").write_text("x")
    (home / ".git-credentials").symlink_to(elsewhere / "file")
    for path in (home, elsewhere, *home.rglob("*")):
        # As the kubelet does for fsGroup.
        path.chmod(0o2770 if path.is_dir() else 0o660)
    (folders,) = editor.init_containers(resolved(kode(workspace="project")))
    env = {**os.environ, **variables(folders), "HOME": str(home), "OWNER": _me()}
    argv = [*folders["command"][:4], str(home / "project"), str(home / "new")]
    subprocess.run(argv, env=env, check=True)
    modes = {name: (home / name).stat().st_mode & 0o777 for name in (*private, ".ssh", ".gnupg")}
    assert set(modes.values()) == {0o600, 0o700}
    assert (home / "project/shared").stat().st_mode & 0o777 == 0o660
    assert (elsewhere / "file").stat().st_mode & 0o777 == 0o660, "a link leads anywhere"
    assert (home / "new").is_dir()


def _me() -> str:
    return f"{os.getuid()}:{os.getgid()}"
