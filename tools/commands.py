"""The reference page of the command line: what `--help` says, command by command.

Rule: the page is the help; what a command should explain is explained in the command.
"""

import typer
from typer.testing import CliRunner

from kode.cli.main import app

PAGE = "docs/reference/cli.md"
WIDTH = 96


def pages() -> dict[str, str]:
    """The one page, by its path."""
    parts = ["# Command line", *(_section(words) for words in [[], *_commands(app)])]
    return {PAGE: "\n\n".join(parts) + "\n"}


def _commands(group: typer.Typer, words: tuple[str, ...] = ()) -> list[list[str]]:
    found = []
    for command in group.registered_commands:
        function = command.callback.__name__ if command.callback else ""
        found.append([*words, command.name or function.replace("_", "-")])
    for inner in group.registered_groups:
        if inner.typer_instance and inner.name:
            found += [[*words, inner.name], *_commands(inner.typer_instance, (*words, inner.name))]
    return found


def _section(words: list[str]) -> str:
    asked = [*words, "--help"]
    shown = CliRunner().invoke(app, asked, prog_name="kode", terminal_width=WIDTH)
    if shown.exit_code != 0:
        raise RuntimeError(f"kode {' '.join(asked)}: {shown.output}")
    return f"## {' '.join(['kode', *words])}\n\n```\n{shown.output.strip()}\n```"
