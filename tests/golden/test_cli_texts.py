"""The texts of the command line: `cli/<command>.txt` is what its scenes print.

Rule: wording is reviewed here, one file a command; tests/unit/cli shows what commands do, and
asserts of their texts what it needs. `make golden` rewrites the files.
"""

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kode.cli import platforms, wait
from kode.cli.checks.result import fail, ok, warn
from kode.cli.main import SECTIONS, app
from kode.cli.session import Session
from kode.cli.terminal import prompt
from kode.platform.port import Endpoint
from tests.golden.cli_scenes import HELP, SCENES, URL, Scene
from tests.golden.test_golden import ROOT, compare
from tests.unit.cli.memory import Memory

WIDTH = 98
VERSION = re.compile(r"(?<![\d.])\d+\.\d+\.\d+(?![\d.])")
"""A version of an editor: the locks have the word on it."""
# The operator's own process prints its help; it and the commands of this machine run no scene of
# objects.
HERE: dict[str, list[Scene]] = {
    "down": [HELP, Scene("")],
    "doctor": [HELP, Scene("")],
    "editors": [
        *(HELP, Scene("list --help"), Scene("install --help"), Scene("remove --help")),
        *(Scene("use --help"), Scene("list"), Scene("remove jupyterlab"), Scene("use")),
        *(Scene("use --builtin"), Scene("use /nowhere/code-server"), Scene("install emacs")),
    ],
    "status": [HELP],
    "up": [HELP, Scene("--port none")],
}
ALL = {**SCENES, **HERE}


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Memory:
    """The platform of every command: in memory, and nothing of this machine's own."""
    for name in ("KODE_NAMESPACE", "KODE_CONTEXT", "KUBECONFIG", "DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name in ("KODE_HOME", "KODE_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    platform = Memory()
    platform.turn = _observe
    platform.endpoints = {"dev": Endpoint(url=URL, user="abc", password=None)}
    selected = platforms.SelectedPlatform(platform, local=True)
    monkeypatch.setattr(platforms, "select_platform", lambda _: selected)
    monkeypatch.setattr(wait, "_POLL_INTERVAL", 0)
    monkeypatch.setattr(wait, "_PLATFORM_TIMEOUT", -1.0)
    monkeypatch.setattr("kode.cli.local_status.kode_files", lambda _: [["files", "/data (1 B)"]])
    for module in ("terminal.object_table", "describe"):
        monkeypatch.setattr(f"kode.cli.{module}.age", lambda _: "3h")
    return platform


def _observe(kode: dict[str, Any]) -> None:
    """Reconcile at each look, so that what waits for a change sees it."""
    if "status" in kode:
        kode["status"]["observedGeneration"] = kode["metadata"]["generation"]


@pytest.fixture(autouse=True)
def checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """One check of each level, for `kode doctor`."""
    results = (
        ok("port", "8080 is free: listening and connecting work"),
        warn("podman", "podman 5.4: cannot start a container", "see containers.conf"),
        fail("disk", "/data: cannot write: No space left on device", "free some space"),
    )

    async def give(*_: object) -> object:
        return list(results)

    monkeypatch.setattr("kode.cli.doctor.run_checks", give)


def show(command: str, scene: Scene, platform: Memory, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a command line, what it prints, and its exit code where it is not 0."""
    platform.hold(*scene.objects)
    monkeypatch.setattr(Session, "is_platform_down", lambda _: scene.down)
    monkeypatch.setattr(prompt, "can_ask", lambda: scene.terminal)
    arguments = [command, *shlex.split(scene.line)]
    options: dict[str, Any] = {
        "terminal_width": WIDTH,
        "max_content_width": WIDTH,
        "prog_name": "kode",
    }
    done = CliRunner().invoke(app, arguments, input=scene.typed, **options)
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    text = f"$ {shlex.join(['kode', *arguments])}{'  # platform down' if scene.down else ''}\n"
    text += "".join(f"< {line}\n" for line in scene.typed.splitlines())
    text += done.stdout + "".join(f"! {line}\n" for line in done.stderr.splitlines())
    code = f"(exit code {int(done.exit_code)})\n" if done.exit_code else ""
    text = f"{text}{code}".replace(os.environ["KODE_CACHE"], "~/.cache/kode")
    return VERSION.sub("N.N.N", text)


@pytest.mark.parametrize("command", sorted(ALL))
def test_texts(
    command: str, memory: Memory, monkeypatch: pytest.MonkeyPatch, *, update: bool
) -> None:
    shown = [show(command, scene, memory, monkeypatch) for scene in ALL[command]]
    compare(ROOT / "cli" / f"{command}.txt", "\n".join(shown), update=update)


def test_every_command_has_its_texts() -> None:
    commands = {name for section in SECTIONS.values() for name in section} - {"operator"}
    assert set(ALL) == commands
    assert {path.stem for path in (ROOT / "cli").iterdir()} == commands
