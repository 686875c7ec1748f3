"""`kode logs`: the output of a Kode's editor."""

import sys
from typing import Annotated

import typer

from kode.cli.arguments import Name
from kode.cli.options import TargetOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session


def command(
    name: Name,
    target: TargetOptions,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stream new lines.")] = False,
    tail: Annotated[
        int | None,
        typer.Option("--tail", min=0, help="Number of last lines to print; by default all."),
    ] = None,
    sidecar: Annotated[
        bool, typer.Option("--sidecar", help="Print the logs of the Envoy sidecar.")
    ] = False,
) -> None:
    """Print the logs of a Kode's editor."""

    async def action(session: Session) -> None:
        from contextlib import aclosing

        from kode.platform.port import LogQuery

        await session.get(name)
        query = LogQuery(follow=follow, tail=tail, source="sidecar" if sidecar else "editor")
        async with aclosing(session.platform.logs(name, session.namespace, query)) as lines:
            async for line in lines:
                sys.stdout.write(f"{line}\n")
                if follow:
                    sys.stdout.flush()

    run_command(target, action)
