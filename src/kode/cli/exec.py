"""`kode exec`: a command where a Kode runs."""

import sys
from typing import Annotated

import typer

from kode.cli.options import Name, Where
from kode.cli.platforms import visit
from kode.cli.session import Session
from kode.platform.port import Command


def command(
    name: Name,
    argv: Annotated[
        list[str], typer.Argument(metavar="-- COMMAND...", help="The command and its arguments.")
    ],
    where: Where,
) -> None:
    """Run a command where a Kode runs; its exit code becomes that of `kode exec`."""

    async def errand(session: Session) -> int:
        return await executed(session, name, argv)

    visit(where, errand)


async def executed(session: Session, name: str, argv: list[str]) -> int:
    """Run a command, or a shell where there is none; return its exit code."""
    await session.find(name)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return await session.platform.execute(name, session.namespace, Command(argv, terminal))
