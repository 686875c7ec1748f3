"""`kode exec`: a command in a Kode."""

import sys
from typing import Annotated

import typer

from kode.cli.arguments import Name
from kode.cli.options import TargetOptions
from kode.cli.platforms import run_command
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
    target: TargetOptions,
    *,
    root: Root = False,
) -> None:
    """Run a command in a Kode; its exit code becomes that of `kode exec`.

    It runs as the editor's user. A signal that ends `kode exec` ends the command as well.
    """

    async def action(session: Session) -> int:
        return await exec_command(session, name, argv, root=root)

    run_command(target, action)


async def exec_command(session: Session, name: str, argv: list[str], *, root: bool) -> int:
    """Run a command, or a shell where there is none; return its exit code."""
    await session.get(name)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    command = ExecOptions(argv, terminal, root)
    return await session.platform.exec(name, session.namespace, command)
