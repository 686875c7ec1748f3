"""Prompts for values and confirmation.

Rule: only on a terminal, and on standard error, so that standard output is the result alone.
"""

import sys
from collections.abc import Sequence

import typer

from kode.cli.errors import CommandError
from kode.cli.exit_codes import ExitCode
from kode.cli.terminal.format import sanitize


def can_ask() -> bool:
    """Tell whether there is a terminal to prompt on."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Ask a yes-or-no question; return whether the answer is yes."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None


def print_message(message: str) -> None:
    """Print what is wrong with an answer."""
    sys.stderr.write(f"{sanitize(message)}\n")


def text(question: str, default: str = "") -> str:
    """Prompt for a text; an empty answer is the default."""
    try:
        answer = typer.prompt(
            sanitize(question), default=default, show_default=bool(default), err=True
        )
    except typer.Abort:
        raise KeyboardInterrupt from None
    return str(answer)


def choice(question: str, options: Sequence[tuple[str, str]], default: str = "") -> str:
    """Prompt for one of several options; return its value.

    Args:
        question: the question.
        options: name and value of each.
        default: the value for an empty answer.

    Raises:
        CommandError: there are no options.
    """
    if not options:
        raise CommandError(ExitCode.NOT_FOUND, f"{question}: no options to choose from")
    for number, (name, value) in enumerate(options, 1):
        shown = sanitize(name if name == value else f"{name} ({value})")
        sys.stderr.write(f"  {number}  {shown}\n")
    values = [value for _, value in options]
    by_text = dict(options) | {value: value for value in values}
    first = str(values.index(default) + 1) if default in values else ""
    while True:
        answer = text(question, first)
        if answer in by_text:
            return by_text[answer]
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(values):
            return values[int(answer) - 1]
        print_message(f"enter a number from 1 to {len(values)}")
