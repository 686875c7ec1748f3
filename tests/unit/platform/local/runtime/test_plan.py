"""kode.platform.local.runtime.plan and what it starts (process_launch, host)."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.desired.desired_state import derive
from kode.errors import InvalidSpec, PlatformError
from kode.platform.local.editors.editor import Editor
from kode.platform.local.netns.network import Network, enter
from kode.platform.local.runtime.host import HostContext
from kode.platform.local.runtime.plan import Plan, plan
from tests.documents import CODERCOM, credentials, kode, resolved, template
from tests.unit.platform.local.runtime.hosts import HOST, LAB, VOLUME, host

JUPYTER = {"type": "jupyter", "image": "quay.io/jupyter/base-notebook"}
PORT = ["-p", "$(PORT)"]
CUSTOM: dict[str, Any] = {"type": "custom", "image": "acme/app", "port": 9000}


def planned(where: HostContext = HOST, of: Any = None, guard: Any = None, **spec: Any) -> Plan:
    meant = derive(resolved(of or kode(), template(**spec), guard, login=credentials()))
    return plan(meant, where)


def lab(**spec: Any) -> Plan:
    return planned(host(editor=LAB), **JUPYTER, **spec)


def test_code_server_listens_on_a_socket_of_its_own_and_asks_nothing() -> None:
    found = planned()
    main = found.program.main
    at = main.argv.index("/cache/node")
    assert main.argv[at + 1] == "/cache/entry.js"
    assert f"--socket={HOST.socket}" in main.argv
    assert "--socket-mode=600" in main.argv
    assert {"--auth=none", "--config=/dev/null"} <= set(main.argv)
    assert main.argv[-1] == f"{VOLUME}/workspace"
    assert "devpassword" not in main.env.values()
    assert main.cwd == Path(VOLUME, "workspace")
    assert not found.unsupported


def test_the_door_finds_what_listens() -> None:
    found = planned()
    assert found.upstream.socket == str(HOST.socket)
    assert found.upstream.health_path == "/healthz"
    assert found.program.health
    assert found.program.health.socket == HOST.socket


def test_program_is_named_for_its_kode() -> None:
    found = planned().program
    assert (found.key, found.instance, found.log) == ("team/dev", HOST.instance, HOST.log)
    assert found.digest == planned().program.digest


def test_nothing_that_is_given_opens_code_server() -> None:
    given = ["--auth=password", "--config=/x", "--bind-addr", "0.0.0.0:1", "--", "--socket=/x"]
    argv = planned(image=CODERCOM, args=given).program.main.argv
    assert argv.index("--auth=none") > argv.index("--auth=password")
    assert argv.index("--config=/dev/null") > argv.index("--config=/x")
    assert argv.index(f"--socket={HOST.socket}") < argv.index("--") < argv.index("--socket=/x")
    with pytest.raises(InvalidSpec, match="--socket-fd is Kode's to give"):
        planned(image=CODERCOM, args=["--socket-fd=3"])


@pytest.mark.attack
def test_trust_in_a_folder_is_the_persons_to_give() -> None:
    program = planned().program
    assert "trust" not in " ".join([*program.main.argv, *program.steps[0].argv])


def test_what_code_server_takes_out_of_its_variables_is_given_back_to_terminals() -> None:
    given = kode(env=[{"name": "GITHUB_TOKEN", "value": "not-real"}])
    main = planned(of=given).program.main
    assert main.env["GITHUB_TOKEN"] == "not-real"
    assert not [word for word in main.argv if "not-real" in word]
    assert f"{VOLUME}/.local/share/kode/shell" in main.argv
    assert [key for key in main.env if key.startswith("VSCODE_")] == []


def test_words_of_another_program_are_left_out_and_told() -> None:
    found = planned(args=["--log", "debug"], command=["/init"])
    assert "debug" not in found.program.main.argv
    assert [item.split(":")[0] for item in found.unsupported] == ["command", "args"]


def test_settings_are_written_once() -> None:
    step = planned().program.steps[0]
    assert step.name == "settings"
    assert step.argv[-2] == f"{VOLUME}/.local/share/code-server/User/settings.json"
    assert json.loads(step.argv[-1])["telemetry.telemetryLevel"] == "off"


def test_jupyter_listens_on_a_socket_and_asks_nothing() -> None:
    found = lab(args=["--debug"])
    argv = found.program.main.argv
    assert argv[:4] == (*LAB.argv, "--debug")
    assert f"--ServerApp.sock={HOST.socket}" in argv
    assert "--ServerApp.sock_mode=0600" in argv
    assert f"--ServerApp.root_dir={VOLUME}" in argv
    assert found.upstream.health_path == "/api"


def test_kernels_of_jupyter_listen_on_sockets_in_a_folder_that_is_cleared() -> None:
    found = lab(args=["--transport=tcp"], env=[{"name": "JUPYTER_RUNTIME_DIR", "value": "/x"}])
    program = found.program
    assert program.main.argv.index("--ServerKernelManager.transport=ipc") > 4
    assert f"--ServerApp.runtime_dir={HOST.kernels}" in program.main.argv
    assert program.main.env["JUPYTER_RUNTIME_DIR"] == str(HOST.kernels)
    assert program.cleanup
    assert program.cleanup.argv == ("rm", "-rf", "--", str(HOST.kernels))
    (pages,) = [it for it in program.steps if it.argv[-2].endswith("labconfig/page_config.json")]
    assert "debugger-extension" in pages.argv[-1]


def test_jupyter_has_a_python_of_the_kodes_own() -> None:
    program = lab().program
    python = f"{VOLUME}/.local/share/kode/python"
    assert program.steps[-1].argv[-1] == python
    assert program.main.env["PATH"].startswith(f"{python}/bin:")
    assert program.main.env["JUPYTER_PATH"] == f"{python}/share/jupyter"


@pytest.mark.parametrize(
    ("spec", "times", "told"),
    [
        ({"args": ["start-notebook.py", "--debug"]}, 1, []),
        ({"args": ["start.sh", "--debug"]}, 0, ["args"]),
        ({"command": ["tini"], "args": ["--debug"]}, 0, ["command", "args"]),
    ],
)
def test_only_options_of_the_server_are_for_it(
    spec: dict[str, Any], times: int, told: list[str]
) -> None:
    found = lab(**spec)
    assert found.program.main.argv.count("--debug") == times
    assert [item.split(":")[0] for item in found.unsupported] == told


def test_custom_command_listens_in_a_network_of_its_own_behind_a_socket() -> None:
    found = planned(host(network=Network()), **CUSTOM, command=["serve", "/config/x"], args=PORT)
    main = found.program.main
    # The port that the template says, as on a cluster.
    assert main.argv[-4:] == ("serve", "/config/x", "-p", "9000")
    assert main.argv[:-4] == Network().argv(HOST.socket, 9000)
    assert main.env["PORT"] == "9000"
    assert (found.upstream.port, found.upstream.socket) == (0, str(HOST.socket))
    health = found.program.health
    assert health
    assert (health.port, health.socket) == (None, HOST.socket)
    # That it has no page at / is nobody's concern, at the door and here.
    assert health.unhealthy_from_status == found.upstream.unhealthy_from_status == 500
    assert found.within == enter(HOST.socket)
    assert not [item for item in found.unsupported if item.startswith("network")]


def test_what_a_network_of_its_own_lacks_is_told() -> None:
    lacking = host(network=Network(no_uplink="nothing connects it"))
    found = planned(lacking, **CUSTOM, command=["serve"])
    assert "nothing connects it" in found.unsupported[-1]


@pytest.mark.parametrize("words", [["-i", "$(KODE_SOCKET)"], ["-c", 'exec x -i "$KODE_SOCKET"']])
def test_custom_command_that_names_a_socket_listens_there_and_keeps_its_network(
    words: list[str],
) -> None:
    found = planned(host(network=Network(why_not="no")), **CUSTOM, command=["serve"], args=words)
    main = found.program.main
    assert main.argv[0] == "serve"
    assert main.env["KODE_SOCKET"] == str(HOST.socket)
    assert "PORT" not in main.env
    assert found.upstream.socket == str(HOST.socket)
    assert not found.within
    assert not [item for item in found.unsupported if item.startswith("network")]


def test_custom_command_is_refused_where_anybody_would_reach_it() -> None:
    closed = host(
        network=Network(why_not="cannot create a user namespace: Operation not permitted")
    )
    with pytest.raises(InvalidSpec, match="user namespace") as raised:
        planned(closed, **CUSTOM, command=["serve"])
    assert raised.value.reason is Reason.NOT_ON_LOCAL_PLATFORM
    for way in ("KODE_SOCKET", "kode.jacero.io/network: host"):
        assert way in str(raised.value)


@pytest.mark.parametrize("network", [Network(), Network(why_not="no")])
def test_an_open_port_is_accepted_by_the_kode_alone_and_told(network: Network) -> None:
    accepted = host(network=network, requested_network="host")
    found = planned(accepted, **CUSTOM, command=["serve"], args=PORT)
    main = found.program.main
    assert main.argv == ("serve", "-p", "40001")
    assert (found.upstream.port, found.upstream.socket) == (40001, None)
    assert not found.within
    assert "127.0.0.1:40001, where other users" in found.unsupported[-1]


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="must be host") as raised:
        planned(host(requested_network="bridge"), **CUSTOM, command=["serve"])
    assert raised.value.reason is Reason.INVALID_SPEC


def test_custom_without_a_command_needs_its_image() -> None:
    with pytest.raises(InvalidSpec, match="without a command") as raised:
        planned(**CUSTOM)
    assert raised.value.reason is Reason.NOT_ON_LOCAL_PLATFORM


def test_desktop_needs_podman() -> None:
    with pytest.raises(InvalidSpec, match="podman") as raised:
        planned(type="webtop")
    assert raised.value.reason is Reason.NOT_ON_LOCAL_PLATFORM


@pytest.mark.parametrize(("kind", "name"), [("code-server", "code-server"), ("jupyter", "jupyter")])
def test_editor_that_is_not_installed_says_so(kind: str, name: str) -> None:
    with pytest.raises(PlatformError, match=f"kode editors install {name}") as raised:
        planned(host(editor=None), type=kind)
    assert raised.value.reason is Reason.EDITOR_UNAVAILABLE


SHELLS = {"PATH": "/else", "TERM": "dumb", "SSH_AUTH_SOCK": "/x", "https_proxy": "http://p.test"}


@pytest.mark.parametrize(
    "spec",
    [
        {},
        JUPYTER,
        {**CUSTOM, "command": ["serve", "$(PATH)"]},
        {**CUSTOM, "command": ["serve", "$(KODE_SOCKET)"]},
    ],
)
def test_what_the_shell_says_makes_no_other_program(spec: dict[str, Any]) -> None:
    editor = LAB if spec is JUPYTER else HOST.editor
    here = host(editor=editor, network=Network())
    one = planned(here, **spec).program
    other = planned(replace(here, inherited=SHELLS, sockets=Path("/t")), **spec).program
    assert one.main != other.main
    assert one.digest == other.digest
    edited = planned(here, **{**spec, "env": [{"name": "PATH", "value": "/mine"}]}).program
    assert edited.digest != one.digest


def test_runtime_says_whose_editor_it_is() -> None:
    assert planned().runtime == "process: code-server 4.1, installed by Kode"
    own = host(editor=Editor("code-server", "", ("/usr/bin/code-server",)))
    assert planned(own).runtime == "process: code-server, your own, /usr/bin/code-server"
    here = host(network=Network())
    assert "serve" in planned(here, **CUSTOM, command=["serve"]).runtime


def test_plugins_run_in_order_with_variables_of_their_own() -> None:
    tools = {"name": "tools", "image": "a", "command": ["sh", "-c", "ls $0"], "args": ["/config"]}
    mine = {
        "name": "mine",
        "image": "b",
        "command": ["touch", "$(WHERE)"],
        "env": [{"name": "WHERE", "value": "/config/made"}],
    }
    found = planned(of=kode(initPlugins=[mine]), initPlugins=[tools], env=[{"name": "A"}])
    steps = found.program.steps
    assert [step.name for step in steps] == ["settings", "template-tools", "plugin-mine"]
    assert steps[1].argv == ("sh", "-c", "ls $0", VOLUME)
    assert steps[2].argv == ("touch", f"{VOLUME}/made")
    assert "A" not in steps[2].env
    assert [item.partition(" is not run")[0] for item in found.unsupported] == [
        "initPlugins tools: image a",
        "initPlugins mine: image b",
    ]


def test_plugin_that_is_all_in_its_image_is_left_out() -> None:
    found = planned(initPlugins=[{"name": "tools", "image": "a", "args": ["x"]}])
    assert [step.name for step in found.program.steps] == ["settings"]
    assert found.unsupported == ("initPlugins tools: image a is not run, it is left out",)


def test_dotfiles_come_last_with_the_variables_of_the_editor() -> None:
    asked = kode(dotfiles={"repository": "https://example.org/me/dotfiles", "ref": "main"})
    plugin = {"name": "tools", "image": "a", "command": ["true"]}
    steps = planned(of=asked, initPlugins=[plugin], env=[{"name": "A", "value": "a"}]).program.steps
    assert [step.name for step in steps] == ["settings", "template-tools", "dotfiles"]
    assert steps[-1].argv[-3:] == ("https://example.org/me/dotfiles", "main", "")
    assert (steps[-1].env["A"], steps[-1].env["HOME"]) == ("a", VOLUME)
    assert "PASSWORD" not in steps[-1].env


def test_no_socket_is_too_long_for_a_name() -> None:
    long = host(instance="x" * 200, sockets=Path("/" + "s" * 69))
    assert max(len(str(long.socket)), len(str(long.session))) < 108
