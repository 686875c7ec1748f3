"""The reference page of the command line: what `--help` says, command by command.

Rule: the page is the help; what a command should explain is explained in the command. Those that
replace the process that runs them are asked in one of their own.
"""

import contextlib
import io
import os
import subprocess
import sys
from functools import cache

import typer

from kode.cli.exit_codes import ExitCode
from kode.cli.main import SECTIONS, app

PAGE = "docs/reference/cli.md"
KODE = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'kode'; from kode.cli.main import main; main()",
]
# The same page on every terminal.
WIDTH = 80
TERMINAL = {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "TERM": "dumb"}
REPLACING = (["operator"],)


@cache
def pages() -> dict[str, str]:
    """The one page, by its path."""
    sections = (_section(command) for command in [[], *commands()])
    return {PAGE: "\n\n".join(["# Command line", *sections, _exits()]) + "\n"}


def commands() -> list[list[str]]:
    """The words of every command, those of groups included."""
    group = typer.main.get_command(app)
    commands = []
    for name in (name for section in SECTIONS.values() for name in section):
        command = vars(group)["commands"][name]
        commands.append([name])
        commands += [[name, inner] for inner in vars(command).get("commands", ())]
    return commands


def _exits() -> str:
    rows = [f"| {code.value} | {code.doc} |" for code in ExitCode]
    return "\n".join(["## Exit codes", "", "| Code | Meaning |", "| --- | --- |", *rows])


def _section(command: list[str]) -> str:
    shown = _help_of_process(command) if command in REPLACING else _help_of(command)
    return f"## {' '.join(['kode', *command])}\n\n```\n{shown.strip()}\n```"


def _help_of(command: list[str]) -> str:
    group = typer.main.get_command(app)
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        group.main(
            [*command, "--help"],
            prog_name="kode",
            standalone_mode=False,
            terminal_width=WIDTH - 2,
            max_content_width=WIDTH - 2,
            color=False,
        )
    return shown.getvalue()


def _help_of_process(command: list[str]) -> str:
    return subprocess.run(
        [*KODE, *command, "--help"],
        env={**os.environ, **TERMINAL},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
