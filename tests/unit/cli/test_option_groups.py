"""kode.cli.option_groups: a command that takes dataclasses has their fields as options."""

from dataclasses import dataclass, field
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from kode.api.crd import definitions
from kode.api.kinds import ALL
from kode.cli.lazy_group import LazyCommands
from kode.cli.main import SECTIONS
from kode.cli.option_groups import expand_groups


@dataclass(frozen=True)
class Both:
    """Two options."""

    must: Annotated[str, typer.Option("--must")]
    many: Annotated[list[str], typer.Option("--many")] = field(default_factory=list)


def test_a_dataclass_is_its_options() -> None:
    seen: list[tuple[str, Both]] = []

    def command(name: str, both: Both) -> None:
        """Do something."""
        seen.append((name, both))

    app = typer.Typer()
    app.command()(expand_groups(command))
    assert CliRunner().invoke(app, ["x", "--must", "a", "--many", "b"]).exit_code == 0
    assert CliRunner().invoke(app, ["x", "--must", "a"]).exit_code == 0
    assert CliRunner().invoke(app, ["x"]).exit_code == 2
    assert seen == [("x", Both("a", ["b"])), ("x", Both("a"))]


def test_the_kinds_are_those_of_the_definitions() -> None:
    named = [
        (
            it["spec"]["names"]["kind"],
            it["spec"]["names"]["plural"],
            it["spec"]["names"]["shortNames"],
            it["spec"]["scope"] == "Namespaced",
        )
        for it in definitions()
    ]
    assert [(it.name, it.plural, [it.short], it.namespaced) for it in ALL] == named


def test_every_command_that_is_told_is_there_and_says_what_it_is() -> None:
    lines = {name: line for section in SECTIONS.values() for name, line in section.items()}
    commands = LazyCommands(lines)
    assert len(commands) == len(lines)
    for name in commands:
        assert commands[name].help, name
    with pytest.raises(KeyError):
        commands["none"]
