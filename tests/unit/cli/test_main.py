"""kode.cli.main: wiring."""

import os
import sys

import pytest
from typer.testing import CliRunner

from kode.cli import main


def test_without_a_command_the_commands_are_told() -> None:
    result = CliRunner().invoke(main.app, [])
    assert result.exit_code == 2
    for name in ("render", "crds", "operator"):
        assert name in result.output


def test_operator_takes_the_place_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, arguments: called.append(arguments))
    assert CliRunner().invoke(main.app, ["operator", "--workers", "8", "--help"]).exit_code == 0
    assert called == [[sys.executable, "-m", "kode.controllers", "--workers", "8", "--help"]]


def test_main_runs_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kode", "crds"])
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == 0
    assert capsys.readouterr().out.count("kind: CustomResourceDefinition") == 5
