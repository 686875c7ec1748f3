"""The group of commands: what there is, told without importing any of it.

Rule: `kode --help` reads a table; a command's file is imported when the command is called.
"""

import importlib
from collections.abc import Iterator, Mapping
from typing import Any, cast

import typer
from typer.core import TyperGroup

from kode.cli.option_groups import expand_groups

OPTIONS: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "no_args_is_help": True,
}
"""How every group looks."""


class LazyCommands(Mapping[str, Any]):
    """Commands by name, each imported when it is asked for.

    A command named `list` is the function `command` of kode.cli.list; a group is its `group`.
    """

    def __init__(self, names: Mapping[str, str], package: str = "kode.cli") -> None:
        """Take names and the line about each."""
        self.lines = names
        self._package = package

    def __getitem__(self, name: str) -> Any:
        """Return the command of a name."""
        if name not in self.lines:
            raise KeyError(name)
        module = importlib.import_module(f"{self._package}.{name}")
        group = getattr(module, "group", None)
        if group is not None:
            return typer.main.get_command(group)
        settings = getattr(module, "SETTINGS", {})
        app = typer.Typer(**OPTIONS)
        app.command(name, **settings)(expand_groups(module.command))
        return typer.main.get_command(app)

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self.lines)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.lines)


def command_group(sections: Mapping[str, Mapping[str, str]]) -> type[TyperGroup]:
    """Return the class of a group whose help shows commands under titles.

    Args:
        sections: title to the commands under it, each with its line.
    """

    class Sections(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            lines = {
                name: line for commands in sections.values() for name, line in commands.items()
            }
            self.commands = cast("dict[str, Any]", LazyCommands(lines))

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base class asks
            return list(self.commands)

        def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as above
            for title, commands in sections.items():
                with formatter.section(title):
                    formatter.write_dl(list(commands.items()))

    return Sections
