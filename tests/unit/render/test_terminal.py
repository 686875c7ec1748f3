"""kode.render.terminal, run by the shells that images have."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kode.render import editor, terminal
from kode.render.resolve import ResolvedKode
from tests.documents import CODERCOM, kode, resolved, template
from tests.unit.render import kubelet

ASKED = ("-i", "-l", "-c")
"""What code-server asks a shell with."""
SHELLS = [shell for name in ("bash", "dash") if (shell := shutil.which(name))]


def started(given: ResolvedKode, home: Path) -> tuple[dict[str, str], list[str]]:
    """Return the environment that code-server is started with, and the file of its shell."""
    words = next(it for it in editor.init_containers(given) if it["name"] == "shell")["command"]
    argv = [kubelet.expand(word, {}) for word in words]
    argv[4] = argv[4].replace(given.home, str(home))
    subprocess.run(argv, check=True)
    env = {"PATH": "/image/bin:/usr/bin:/bin", **kubelet.environment(editor.container(given))}
    env = {name: value.replace(given.home, str(home)) for name, value in env.items()}
    return env, [argv[4]]


def asked(env: dict[str, str], shell: list[str], *options: str) -> dict[str, str]:
    """Return the variables that a shell has which is asked as code-server asks."""
    # It takes these out of its own environment.
    left = {name: value for name, value in env.items() if name not in terminal.KEPT}
    left["VSCODE_RESOLVING_ENVIRONMENT"] = "1"
    text = subprocess.run(
        [*shell, *options, "exec env -0"], env=left, capture_output=True, text=True, check=True
    ).stdout
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


def of(over: dict[str, Any] | None = None, **values: str) -> ResolvedKode:
    env = [{"name": name, "value": value} for name, value in values.items()]
    return resolved(kode(env=env), template(**({"image": CODERCOM} | (over or {}))))


def test_what_a_person_sets_is_there_in_a_terminal(tmp_path: Path) -> None:
    given = of(GITHUB_TOKEN="t $(HOME)", PASSWORD="of a database", PATH="/mine:$(PATH)", MINE="$$x")
    env, shell = started(given, tmp_path)
    assert env["SHELL"] == shell[0]
    found = asked(env, shell, *ASKED)
    assert found["GITHUB_TOKEN"] == f"t {tmp_path}"
    assert (found["PASSWORD"], found["MINE"]) == ("of a database", "$x")
    assert found["PATH"] == "/mine:/image/bin:/usr/bin:/bin"
    assert (found["SHELL"], found["HOME"], found["USER"]) == ("/bin/bash", str(tmp_path), "coder")
    assert not [name for name in found if name.startswith(terminal.PREFIX)]


def test_a_path_that_nobody_sets_is_that_of_a_login(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text("PATH=/of/profile:/usr/bin:/bin\n")
    env, shell = started(of(GITHUB_TOKEN="t"), tmp_path)
    assert asked(env, shell, *ASKED)["PATH"] == "/of/profile:/usr/bin:/bin"
    env, shell = started(of(PATH="/usr/bin:/bin"), tmp_path)
    assert asked(env, shell, *ASKED)["PATH"] == "/usr/bin:/bin"


def test_a_token_that_a_secret_may_bring_is_none_where_it_brings_none(tmp_path: Path) -> None:
    env, shell = started(of({"envFrom": [{"secretRef": {"name": "s"}}]}), tmp_path)
    assert env["VSCODE_KODE_GITHUB_TOKEN"] == "$(GITHUB_TOKEN)"
    assert not {"GITHUB_TOKEN", "PASSWORD"} & asked(env, shell, *ASKED).keys()
    env["VSCODE_KODE_GITHUB_TOKEN"] = "t"
    assert asked(env, shell, *ASKED)["GITHUB_TOKEN"] == "t"


@pytest.mark.parametrize("own", SHELLS)
def test_a_persons_own_shell_is_the_one_that_runs(tmp_path: Path, own: str) -> None:
    env, shell = started(of(GITHUB_TOKEN="t", SHELL=own), tmp_path)
    assert Path(shell[0]).name == Path(own).name
    assert asked(env, shell, "-c")["SHELL"] == own


def test_a_shell_that_the_image_lacks_is_replaced(tmp_path: Path) -> None:
    env, shell = started(of(GITHUB_TOKEN="t", SHELL="/nowhere/fish"), tmp_path)
    found = asked(env, shell, "-c")
    assert (found["SHELL"], found["GITHUB_TOKEN"]) == ("/bin/sh", "t")


def test_it_is_the_shell_of_one_machine_too() -> None:
    assert terminal.script() == terminal.write("/x")[-1]
