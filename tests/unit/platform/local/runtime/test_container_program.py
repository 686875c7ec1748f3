"""kode.platform.local.runtime.container_program: what is called for a Kode whose image is run."""

import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.desired.desired_state import derive
from kode.errors import InvalidSpec
from kode.platform.local.program import Command
from kode.platform.local.runtime import image
from kode.platform.local.runtime.engine import Engine
from kode.platform.local.runtime.plan import Plan, plan
from tests.documents import CODE_SERVER, CODERCOM, WEBTOP, credentials, kode, resolved, template
from tests.unit.platform.local.runtime.hosts import HOST, VOLUME, host

pytestmark = pytest.mark.attack

ROOT = Engine(
    path="/usr/bin/podman",
    version="4.3.1",
    rootless=False,
    python="/py",
    environment={"HOME": "/root", "PATH": "/bin"},
)
PERSON = replace(ROOT, rootless=True)
NAME = f"kode-{HOST.instance}"


def planned(engine: Engine = ROOT, of: Any = None, **spec: Any) -> Plan:
    meant = derive(resolved(of or kode(), template(**spec), None, login=credentials()))
    return plan(meant, host(requested_runtime="podman", engine=engine))


def options(step: Command) -> list[str]:
    return [word for word in step.argv if word.startswith("--")]


def test_the_image_runs_in_the_foreground_behind_a_relay_to_its_loopback() -> None:
    found = planned()
    main, health = found.program.main, found.program.health
    assert main.argv[0] == ROOT.python
    words = list(main.argv)
    at = words.index(str(HOST.socket))
    assert words[at + 1] == "8443"
    assert words[at + 3 : at + 5] == ["sh", "-c"]
    assert words[words.index(ROOT.path) + 1] == "run"
    assert f"--pidfile={words[at + 2]}" in words
    assert words[-1] == f"docker.io/{CODE_SERVER}"
    assert {"--rm", f"--name={NAME}", "--pull=never", "--log-driver=none"} <= set(words)
    assert not [word for word in words if "publish" in word or word.startswith("--network")]
    assert main.env["CODE_SERVER_HOST"] == "127.0.0.1"
    assert health
    assert (found.upstream.socket, health.socket) == (str(HOST.socket), HOST.socket)


def test_what_the_shell_says_makes_no_other_program() -> None:
    elsewhere = replace(ROOT, environment={"HOME": "/root", "PATH": "/else", "TMPDIR": "/t"})
    assert planned(elsewhere).program.digest == planned().program.digest
    assert planned(elsewhere).program.main.env["PATH"] == "/else"


def test_secrets_are_in_no_words() -> None:
    main = planned(env=[{"name": "TOKEN", "value": "s3cret"}]).program.main
    assert "devpassword" not in main.env.values()
    assert main.env["TOKEN"] == "s3cret"
    assert {"--env=TOKEN", "--env=KODE_INSTANCE"} <= set(main.argv)
    assert not [word for word in main.argv if "devpassword" in word or "s3cret" in word]


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "LD_PRELOAD", "XDG_RUNTIME_DIR", "STORAGE_ACCOUNT_KEY", "GOPROXY"),
        *("REGISTRY_PASSWORD", "DOCKER_PASSWORD", "DOCKER_AUTH_CONFIG", "CONTAINER_TOKEN"),
    ],
)
def test_what_the_engine_goes_by_is_in_a_file_and_in_no_words(name: str) -> None:
    main = planned(PERSON, **CUSTOM, env=[{"name": name, "value": "/of/it"}]).program.main
    assert main.env.get(name) == PERSON.environment.get(name)
    wanted = "/home/kode" if name == "HOME" else "/of/it"
    assert f"{name}={wanted}" in main.env["KODE_ENV_FILE"].splitlines()
    words = list(main.argv)
    file = str(HOST.socket.with_suffix(".env"))
    assert words[words.index("sh") + 4] == file
    assert f"--env-file={file}" in words
    assert not [word for word in words if wanted in word and word.startswith("--env")]


@pytest.mark.parametrize("value", ["a\nb", "a\rb"])
def test_a_value_of_several_lines_has_no_place_in_a_file(value: str) -> None:
    found = planned(
        **CUSTOM, env=[{"name": "DOCKER_X", "value": value}, {"name": "KEY", "value": value}]
    )
    assert found.program.main.env["KEY"] == value
    assert "DOCKER_X" not in found.program.main.env["KODE_ENV_FILE"]
    assert [it for it in found.unsupported if it.startswith("env")] == [
        "env DOCKER_X: a value of several lines, under a name that podman itself reads"
    ]


CUSTOM: dict[str, Any] = {"type": "custom", "image": "acme/app", "port": 9000}


def test_commands_beside_an_editor_have_its_path() -> None:
    path = {"name": "PATH", "value": "/mine:$(PATH)"}
    found = planned(**CUSTOM, command=["x"], env=[path])
    assert found.program.main.env["VSCODE_KODE_BEFORE_PATH"] == "/mine:"
    assert found.enter[-4:-2] == ("sh", "-c")
    assert "VSCODE_KODE_BEFORE_PATH" in found.enter[-2]
    assert planned(**CUSTOM, env=[]).enter[-1] == NAME


def test_home_is_the_volume_and_so_is_the_images_own() -> None:
    words = planned(of=kode(home="/work")).program.main.argv
    assert f"--mount=type=bind,source={VOLUME},target=/work" in words
    assert f"--mount=type=bind,source={VOLUME},target=/config" in words


def test_odd_folders_are_quoted() -> None:
    meant = derive(resolved(kode(), template(), None, login=credentials()))
    found = plan(meant, host(requested_runtime="podman", engine=ROOT, volume=Path('/a,b/"c')))
    assert '--mount=type=bind,"source=/a,b/""c",target=/config' in found.program.main.argv


def test_where_files_need_a_label_they_get_it() -> None:
    words = planned(replace(ROOT, relabels=True)).program.main.argv
    assert f"--mount=type=bind,source={VOLUME},target=/config,relabel=private" in words


@pytest.mark.parametrize(
    ("engine", "spec", "wanted"),
    [
        (ROOT, {}, ["--user=0:0"]),
        (ROOT, {"image": CODERCOM, "puid": 7, "pgid": 8}, ["--user=7:8"]),
        (PERSON, {}, ["--userns=keep-id:uid=1000,gid=1000", "--user=0:0"]),
        (
            PERSON,
            {"image": CODERCOM, "puid": 7, "pgid": 8},
            ["--userns=keep-id:uid=7,gid=8", "--user=7:8"],
        ),
    ],
)
def test_files_belong_to_the_person_and_the_editor(
    engine: Engine, spec: dict[str, Any], wanted: list[str]
) -> None:
    words = planned(engine, **spec).program.main.argv
    assert [word for word in words if word.startswith("--user")] == wanted


def test_only_root_gives_the_files_away() -> None:
    assert [step.name for step in planned(PERSON).program.steps] == ["image"]
    _, folders = planned(ROOT, puid=7).program.steps
    assert folders.name == "folders"
    assert folders.argv[-2:] == ("/config", "/config/workspace")
    assert folders.env["OWNER"] == "7:1000"


def test_limits_hold_where_they_can_and_are_told_where_not() -> None:
    limits = {"cpu": "500m", "memory": "1Gi", "nvidia.com/gpu": "1"}
    found = planned(resources={"limits": limits})
    assert {"--cpus=0.5", "--memory=1073741824b"} <= set(found.program.main.argv)
    assert found.unsupported == ("resources.limits.nvidia.com/gpu",)
    none = planned(replace(ROOT, limits=frozenset()), resources={"limits": {"cpu": "1"}})
    assert not [word for word in none.program.main.argv if word.startswith("--cpus")]
    assert none.unsupported == ("resources.limits.cpu",)


def test_a_default_is_no_wish() -> None:
    assert planned(replace(ROOT, limits=frozenset())).unsupported == ()


def test_what_an_image_gives_is_not_missed() -> None:
    found = planned(image="acme/other:1", puid=5, pgid=6, imagePullPolicy="Always")
    assert found.unsupported == ()
    others = planned(nodeSelector={"a": "b"}, hostUsers=False, service={"type": "NodePort"})
    assert [item.split(":")[0] for item in others.unsupported] == [
        "service.type NodePort",
        "nodeSelector",
        "hostUsers false",
    ]
    assert planned(PERSON, hostUsers=False).unsupported == ()


def test_command_and_arguments_are_as_on_a_cluster() -> None:
    command = ["serve", "$(PORT)", "$$(PORT)"]
    words = planned(**CUSTOM, command=command, args=["-x"]).program.main.argv
    assert '--entrypoint=["serve"]' in words
    assert words[-4:] == ("docker.io/acme/app", "9000", "$(PORT)", "-x")


def test_jupyter_keeps_to_its_loopback() -> None:
    found = planned(type="jupyter", image="quay.io/jupyter/base-notebook")
    words = found.program.main.argv
    assert "--ServerApp.ip=127.0.0.1" in words
    assert "--workdir=/home/jovyan/workspace" in words


def test_desktop_has_its_shared_memory() -> None:
    meant = derive(resolved(kode(), template(type="webtop", image=WEBTOP), login=credentials()))
    found = plan(meant, host(engine=ROOT, lock="a lock"))
    assert "--shm-size=1g" in found.program.main.argv
    assert found.runtime.startswith("podman 4.3.1: image linuxserver/webtop")


def test_the_lock_of_a_desktop_is_opened_by_the_door() -> None:
    meant = derive(resolved(kode(), template(type="webtop", image=WEBTOP), login=credentials()))
    found = plan(meant, host(engine=ROOT, lock="a lock"))
    key = found.program.main.env["PASSWORD"]
    header = b64encode(f"devuser:{key}".encode()).decode()
    assert found.upstream.authorization == f"Basic {header}"
    assert not {key, header, "devpassword"} & {*found.program.main.argv}
    assert "a lock" not in (key, header)
    other = derive(resolved(kode(), template(type="webtop", image=WEBTOP)))
    assert "PASSWORD" not in plan(other, host(engine=ROOT)).program.main.env


def test_the_lock_of_a_desktop_stays_for_another_password_and_not_for_another_user() -> None:
    lock = host(engine=ROOT, lock="a lock")
    plans = [
        plan(
            derive(resolved(kode(), template(type="webtop", image=WEBTOP), login=login)),
            lock,
        )
        for login in (
            credentials(),
            replace(credentials(), password="another"),
            replace(credentials(), user="another"),
        )
    ]
    one, password, user = ((it.program.digest, it.upstream.authorization) for it in plans)
    assert one == password
    assert one[0] != user[0]
    assert one[1] != user[1]


def test_plugins_and_dotfiles_run_in_order_each_with_its_image_here() -> None:
    mine = {"name": "mine", "image": "quay.io/a/b:1", "command": ["sh", "-c", "echo $$HOME"]}
    theirs = {"name": "theirs", "image": CODE_SERVER}
    asked = kode(initPlugins=[mine], userConfig="https://git.example/d")
    found = planned(PERSON, asked, initPlugins=[theirs]).program
    assert [step.name for step in found.steps] == [
        "image",
        "template-theirs",
        "image-plugin-mine",
        "plugin-mine",
        "dotfiles",
    ]
    assert found.steps[2].argv[-1] == "quay.io/a/b:1"
    assert found.steps[3].argv[-1] == "echo $HOME"
    script = found.steps[4].argv
    assert "HOME=/config" in found.steps[4].env["KODE_ENV_FILE"].splitlines()
    assert "https://git.example/d" in script
    assert any("$(id -u)" in word or "$HOME" in word for word in script)


def test_what_is_left_is_removed_by_name() -> None:
    cleanup = planned().program.cleanup
    assert cleanup
    assert cleanup.argv == (ROOT.path, "rm", "--force", "--ignore", NAME)


def test_rights_are_those_of_a_pod() -> None:
    own = planned(image=CODERCOM).program.main.argv
    assert {"--security-opt=no-new-privileges", "--cap-drop=ALL"} <= {*own}
    assert not [word for word in own if word.startswith("--cap-add")]
    (folders,) = [it for it in planned(image=CODERCOM).program.steps if it.name == "folders"]
    assert {"--security-opt=no-new-privileges", "--cap-drop=ALL"} <= {*folders.argv}
    assert "--cap-add=CHOWN" in folders.argv
    root = planned().program.main.argv
    assert "--cap-drop=ALL" in root
    assert "--security-opt=no-new-privileges" not in root
    added = [word.partition("=")[2] for word in root if word.startswith("--cap-add=")]
    assert added == ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]


def test_limits_that_root_may_not_raise_are_said() -> None:
    words = planned(replace(ROOT, ulimits=("nofile=5:5",))).program.main.argv
    assert "--ulimit=nofile=5:5" in words


def test_another_oci_runtime_is_asked_for_and_told() -> None:
    found = planned(replace(ROOT, runtime="runc"))
    words = list(found.program.main.argv)
    assert "--runtime=runc" in words[words.index("run") : words.index("--rm")]
    assert found.runtime.startswith("podman 4.3.1 with runc: image ")
    own = planned(replace(ROOT, default_runtime="crun"))
    assert not [word for word in own.program.main.argv if word.startswith("--runtime")]
    assert own.program.digest == planned().program.digest


def test_commands_run_beside_the_editor_as_its_user() -> None:
    assert planned(puid=7).enter == (
        *(ROOT.path, "exec", "--interactive", "--user=7:1000"),
        *("--workdir=/config/workspace", NAME),
    )


def test_privileged_is_given() -> None:
    words = planned(of=kode(privileged=True), allowPrivileged=True).program.main.argv
    assert "--privileged" in words


def test_without_podman_its_place_is_told() -> None:
    meant = derive(resolved(kode(), template(), login=credentials()))
    with pytest.raises(InvalidSpec, match=r"annotation .*but podman 3 is too old") as raised:
        plan(meant, host(requested_runtime="podman", no_engine="podman 3 is too old"))
    assert raised.value.reason is Reason.NOT_ON_LOCAL_PLATFORM


def test_a_template_that_is_all_image_is_no_process() -> None:
    meant = derive(resolved(kode(), template(type="webtop"), login=credentials()))
    with pytest.raises(InvalidSpec, match="needs podman"):
        plan(meant, host(requested_runtime="process", engine=ROOT))


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("busybox", "docker.io/library/busybox"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("acme/app:1", "docker.io/acme/app:1"),
        ("localhost/app", "localhost/app"),
        ("quay.io/a/b@sha256:0", "quay.io/a/b@sha256:0"),
        ("reg:5000/a", "reg:5000/a"),
    ],
)
def test_names_of_images_mean_what_they_mean_on_a_cluster(name: str, full: str) -> None:
    assert image.qualified_name(name) == full


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("Always", "exec"),
        ("IfNotPresent", "exists"),
        ("Never", "is not on this machine"),
    ],
)
def test_images_come_as_the_policy_says(policy: str, words: str) -> None:
    step = planned(imagePullPolicy=policy).program.steps[0]
    assert words in step.argv[2]
    assert ("pull" in step.argv[2]) is (policy != "Never")
    assert json.dumps(step.argv)


def test_variables_of_a_secret_are_those_of_the_container() -> None:
    program = planned(envFrom=[{"prefix": "T_", "secretRef": {"name": "tokens"}}]).program
    assert program.main.env["T_api"] == "s3cret"
