"""kode.cli.main: wiring."""

import os
import subprocess
import sys
from pathlib import Path

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
    modules = ["kode.cli", "kode.cli.lazy_group", "kode.cli.main", "kode.cli.option_groups"]
    assert shown.stdout.splitlines()[-1] == str(modules)


@pytest.mark.parametrize("arguments", ["--help", "version", "templates --help"])
def test_modules_of_the_shells_are_not_taken_for_ours(tmp_path: Path, arguments: str) -> None:
    for module in ("yaml", "typer", "pydantic", "sqlite3", "typing", "pathlib"):
        (tmp_path / f"{module}.py").write_text(f"raise SystemExit('another {module}')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONOPTIMIZE": "2"}
    command = [str(Path(sys.executable).with_name("kode")), *arguments.split()]
    shown = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert shown.stdout.startswith(("Usage: kode", "kode "))


def test_whoever_runs_it_by_a_path_goes_on_to(tmp_path: Path) -> None:
    ours = str(Path(main.__file__).parents[2])
    (tmp_path / "yaml.py").write_text("raise SystemExit('another module')\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ours}"}
    code = "import sys; from kode.cli.main import main; print(sys.path, sys.argv); main()"
    shown = subprocess.run(
        [sys.executable, "-c", code, "version"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    again = shown.stdout.splitlines()[-2]
    assert ours in again
    assert str(tmp_path) not in again


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
    assert (
        CliRunner()
        .invoke(main.app, ["operator", "--max-concurrent-reconciles", "8", "--help"])
        .exit_code
        == 0
    )
    assert called == [
        [sys.executable, "-m", "kode.controllers", "--max-concurrent-reconciles", "8", "--help"]
    ]


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


def test_what_the_shell_says_to_python_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[dict[str, str]] = []

    def begin(_: str, __: list[str], environment: dict[str, str]) -> None:
        begun.append(environment)

    monkeypatch.setattr(os, "execve", begin)
    monkeypatch.setattr(sys, "argv", ["kode", "crds"])
    monkeypatch.setenv("PYTHONSTARTUP", "somewhere.py")
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    with pytest.raises(SystemExit):
        main.main()
    assert len(begun) == 1
    assert "PYTHONSTARTUP" not in begun[0]
    assert begun[0]["PYTHONUNBUFFERED"] == "1"
