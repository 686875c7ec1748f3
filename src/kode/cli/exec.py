"""`kode exec`: a command where a Kode runs."""

import sys
from typing import Annotated

import typer

from kode.cli.options import Name, Where
from kode.cli.platforms import visit
from kode.cli.session import Session
from kode.platform.port import ExecOptions

Root = Annotated[
    bool, typer.Option("--root", help="On a cluster: as root, where the image starts as root.")
]


def command(
    name: Name,
    argv: Annotated[
        list[str], typer.Argument(metavar="-- COMMAND...", help="The command and its arguments.")
    ],
    where: Where,
    *,
    root: Root = False,
) -> None:
    """Run a command where a Kode runs; its exit code becomes that of `kode exec`.

    It runs as the editor's user. When this command is ended by a signal that can be caught, so is
    the other one.
    """

    async def errand(session: Session) -> int:
        return await executed(session, name, argv, root=root)

    visit(where, errand)


async def executed(session: Session, name: str, argv: list[str], *, root: bool) -> int:
    """Run a command, or a shell where there is none; return its exit code."""
    await session.find(name)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    command = ExecOptions(argv, terminal, root)
    return await session.platform.exec(name, session.namespace, command)
