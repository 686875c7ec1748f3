"""Questions.

Rule: asked on a terminal only, and on standard error, so that standard output stays an answer.
"""

import sys
from collections.abc import Sequence

import typer

from kode.cli.exits import Exit
from kode.cli.failures import Failure
from kode.cli.terminal.format import sanitize


def can_ask() -> bool:
    """Tell whether somebody sits there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agreed(question: str) -> bool:
    """Return whether a person says yes."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None


def tell(message: str) -> None:
    """Say what is wrong with an answer."""
    sys.stderr.write(f"{sanitize(message)}\n")


def text(question: str, default: str = "") -> str:
    """Return what a person types; the default where they type nothing."""
    try:
        answer = typer.prompt(
            sanitize(question), default=default, show_default=bool(default), err=True
        )
    except typer.Abort:
        raise KeyboardInterrupt from None
    return str(answer)


def choice(question: str, options: Sequence[tuple[str, str]], default: str = "") -> str:
    """Return the value that a person picks.

    Args:
        question: what is asked.
        options: name and value of each.
        default: the value that stands for no answer.

    Raises:
        Failure: there is nothing to pick from.
    """
    if not options:
        raise Failure(Exit.NOT_FOUND, f"{question}: there is nothing to choose from")
    for number, (name, value) in enumerate(options, 1):
        shown = sanitize(name if name == value else f"{name} ({value})")
        sys.stderr.write(f"  {number}  {shown}\n")
    values = [value for _, value in options]
    said = dict(options) | {value: value for value in values}
    first = str(values.index(default) + 1) if default in values else ""
    while True:
        answer = text(question, first)
        if answer in said:
            return said[answer]
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(values):
            return values[int(answer) - 1]
        tell(f"a number from 1 to {len(values)}, please")
