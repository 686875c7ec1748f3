"""The reference page of the command line: what `--help` says, command by command.

Rule: the page is the help; what a command should explain is explained in the command. Each is asked
in a process of its own, because a command may replace the process that runs it.
"""

import os
import subprocess
import sys

from kode.cli.main import app

PAGE = "docs/reference/cli.md"
KODE = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'kode'; from kode.cli.main import main; main()",
]
# The same page on every terminal.
TERMINAL = {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}


def pages() -> dict[str, str]:
    """The one page, by its path."""
    parts = ["# Command line", *(_section(words) for words in [[], *_commands()])]
    return {PAGE: "\n\n".join(parts) + "\n"}


def _commands() -> list[list[str]]:
    names = []
    for command in app.registered_commands:
        function = command.callback.__name__ if command.callback else ""
        names.append([command.name or function.replace("_", "-")])
    return names


def _section(words: list[str]) -> str:
    shown = subprocess.run(
        [*KODE, *words, "--help"],
        env={**os.environ, **TERMINAL},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return f"## {' '.join(['kode', *words])}\n\n```\n{shown.strip()}\n```"
