"""kode.cli.main: wiring."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from kode.api.conditions import Reason
from kode.cli import main
from kode.errors import PlatformError
from tests.unit.cli.memory import Memory, kode


def test_without_a_command_the_commands_are_told() -> None:
    result = CliRunner().invoke(main.app, [])
    assert result.exit_code == 2
    for name in ("up", "create", "list", "editors", "render", "crds", "operator"):
        assert f"\n  {name} " in result.output


def test_a_command_that_is_almost_one_is_named() -> None:
    result = CliRunner().invoke(main.app, ["lst"])
    assert result.exit_code == 2
    assert "Did you mean 'list'?" in result.output


def test_telling_the_commands_imports_none_of_them() -> None:
    code = "import sys, kode.cli.main as m; m.app(['--help'], standalone_mode=False)"
    said = f"{code}; print(sorted(n for n in sys.modules if n.startswith('kode.')))"
    shown = subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True)
    modules = ["kode.cli", "kode.cli.group", "kode.cli.main", "kode.cli.spread"]
    assert shown.stdout.splitlines()[-1] == str(modules)


def test_a_shell_is_told_how_to_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_KODE_COMPLETE", "")
    for shell in ("bash", "zsh", "fish"):
        shown = CliRunner().invoke(main.app, ["completion", shell])
        assert (shown.exit_code, "_KODE_COMPLETE" in shown.stdout) == (0, True)


def test_a_shell_gets_its_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_KODE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "kode li")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setattr(sys, "argv", ["kode"])
    with pytest.raises(SystemExit):
        main.main()
    assert capsys.readouterr().out.split() == ["list"]


def test_operator_takes_the_place_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, arguments: called.append(arguments))
    assert CliRunner().invoke(main.app, ["operator", "--workers", "8", "--help"]).exit_code == 0
    assert called == [[sys.executable, "-m", "kode.controllers", "--workers", "8", "--help"]]


def completed(monkeypatch: pytest.MonkeyPatch, line: str) -> list[str]:
    """Return what bash is offered after a line."""
    monkeypatch.setenv("_KODE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    result = CliRunner().invoke(main.app, [], prog_name="kode")
    return result.stdout.split()


def test_a_shell_is_offered_the_names_of_kodes(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.hold(kode("dev"), kode("development"), kode("other"))
    assert completed(monkeypatch, "kode stop de") == ["dev", "development"]
    assert completed(monkeypatch, "kode open -n far d") == []

    async def gone(*_: object) -> None:
        raise PlatformError(Reason.PLATFORM_ERROR, "gone")

    monkeypatch.setattr(memory, "list", gone)
    assert completed(monkeypatch, "kode stop de") == []


def test_main_runs_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kode", "crds"])
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == 0
    assert capsys.readouterr().out.count("kind: CustomResourceDefinition") == 5
