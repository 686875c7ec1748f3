"""Variables refer to Kode's own and to the image's PATH; every terminal of a Kode has the same."""

import asyncio
import json
import os
from typing import Any

import pytest

from kode.platform.cluster.platform import ClusterPlatform
from kode.platform.port import ExecOptions
from tests.cluster.documents import CODE_SERVER, CODERCOM, PASSWORD, USER, kode, stand_in, template
from tests.cluster.place import Place

# What code-server asks its shell for the variables of its terminals, by a program that is a child
# of code-server's parent: it has the container's variables without those that code-server keeps.
_ASK = (
    "unset GITHUB_TOKEN; export VSCODE_RESOLVING_ENVIRONMENT=1; "
    'exec "$SHELL" -i -l -c "cat /proc/self/environ"'
)
_OWN = {
    "WHERE": "$(HOME)/x",
    "SELF": "http://127.0.0.1:$(PORT)/$(KODE_NAMESPACE)/$(KODE_NAME)",
    "WHO": "$(USER)",
    "PATH": "/opt/mine:$(PATH)",
    "TOOLS": "/k:$(TOOLS)",
    "GITHUB_TOKEN": "not-real",
    "ODD": "$$(HOME) $(NOBODY)",
}
_OF_TEMPLATE = {"TOOLS": "/t"}


def _env(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


@pytest.fixture(scope="module", autouse=True)
def _started(place: Place) -> None:
    by_template = _env(_OF_TEMPLATE)
    plugin = {
        "name": "look",
        "image": CODERCOM,
        "command": ["sh", "-c", 'printf "%s\\n" "$PATH" "$HOME" "$1" >/home/coder/seen', "x"],
        "args": ["$(A)"],
        "env": _env({"PATH": "$(HOME)/b:$(PATH)", "A": "$(KODE_NAME) $(PORT)"}),
    }
    place.apply(
        template("coder", image=CODERCOM, env=by_template),
        template("linuxserver", image=CODE_SERVER, env=by_template),
        stand_in("program", env=by_template),
        template("desktop", type="webtop", image="linuxserver/webtop:ubuntu-mate"),
        kode("coder", "coder", workspace="src/app", env=_env(_OWN), initPlugins=[plugin]),
        kode("linuxserver", "linuxserver", env=_env(_OWN)),
        kode("program", "program", env=_env(_OWN)),
        kode("desktop", "desktop", env=_env({"PATH": "/opt/mine:$(PATH)"})),
    )


def _wanted(place: Place, name: str, home: str, port: int, account: str) -> dict[str, str]:
    return {
        "HOME": home,
        "USER": account,
        "LOGNAME": account,
        "KODE_NAME": name,
        "WHERE": f"{home}/x",
        "SELF": f"http://127.0.0.1:{port}/{place.namespace}/{name}",
        "WHO": account,
        "TOOLS": "/k:/t",
        "GITHUB_TOKEN": "not-real",
        "ODD": "$(HOME) $(NOBODY)",
    }


def _variables(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


def _execute(place: Place, name: str, *argv: str) -> None:
    async def run() -> int:
        cluster = ClusterPlatform.from_environment(os.environ)
        try:
            return await cluster.exec(name, place.namespace, ExecOptions(argv))
        finally:
            await cluster.close()

    assert asyncio.run(run()) == 0


EDITORS = pytest.mark.parametrize(
    ("name", "home", "port", "account", "folder"),
    [
        ("coder", "/home/coder", 8080, "coder", "src/app"),
        ("linuxserver", "/config", 8443, "abc", "workspace"),
    ],
)


@EDITORS
def test_the_editors_terminals_and_commands_find_the_same(
    place: Place, name: str, home: str, port: int, account: str, folder: str
) -> None:
    place.ready(name)
    wanted = _wanted(place, name, home, port, account)
    _execute(place, name, "sh", "-c", 'cat /proc/self/environ >"$HOME/by-exec"; pwd >"$HOME/at"')
    by_exec = _variables(place.exec(name, "cat", f"{home}/by-exec"))
    assert place.exec(name, "cat", f"{home}/at").strip() == f"{home}/{folder}"
    as_user = ("setpriv", "--reuid=1000", "--regid=1000", "--init-groups", "--")
    become = as_user if place.exec(name, "id", "-u").strip() == "0" else ()
    in_terminal = _variables(place.exec(name, *become, "sh", "-c", _ASK))
    for seen in (by_exec, in_terminal):
        assert {it: seen.get(it) for it in wanted} == wanted
        assert seen["PATH"].startswith("/opt/mine:/")
        assert "/usr/bin" in seen["PATH"].split(":")
        assert "$" not in seen["PATH"]
        assert (seen["SHELL"], "VSCODE_KODE_SHELL" in seen) == ("/bin/bash", False)


@EDITORS
def test_a_login_shell_begins_without_a_complaint(
    place: Place, name: str, home: str, port: int, account: str, folder: str
) -> None:
    del port, account, folder
    place.ready(name)
    _execute(place, name, "sh", "-c", 'bash -l -c "echo in" >"$HOME/said" 2>&1')
    assert place.exec(name, "cat", f"{home}/said") == "in\n"


def test_a_program_that_a_template_starts_has_the_path_of_its_image(place: Place) -> None:
    place.ready("program")
    with place.door("program") as door:
        seen: dict[str, Any] = json.loads(door.get("/", login=(USER, PASSWORD)).text)["env"]
    wanted = _wanted(place, "program", "/config", 8443, "abc")
    assert {it: seen.get(it) for it in wanted} == wanted
    assert seen["PATH"].startswith("/opt/mine:/")
    assert "VSCODE_KODE_BEFORE_PATH" not in seen


def test_a_plugin_refers_to_the_same_names(place: Place) -> None:
    place.ready("coder")
    path, home, word = place.exec("coder", "cat", "/home/coder/seen").splitlines()
    assert path.startswith("/home/coder/b:/")
    assert (home, word) == ("/home/coder", "coder 8080")


def test_a_path_around_an_image_that_nobody_can_know_is_refused_with_what_to_write(
    place: Place,
) -> None:
    said = place.message("desktop", "InvalidSpec")
    assert "write the whole PATH" in said
    path = said.rpartition(" such as ")[2]
    place.edit("Kode", "desktop", {"spec": {"env": _env({"PATH": path})}})
    place.ready("desktop")
