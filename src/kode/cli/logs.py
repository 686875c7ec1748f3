"""`kode logs`: what a Kode's editor wrote."""

import sys
from typing import Annotated

import typer

from kode.cli.options import Name, Where
from kode.cli.platforms import visit
from kode.cli.session import Session


def command(
    name: Name,
    where: Where,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", min=0, help="How many of the last lines; all otherwise.")
    ] = None,
    sidecar: Annotated[
        bool, typer.Option("--sidecar", help="What the Envoy in front of it wrote.")
    ] = False,
) -> None:
    """Print what a Kode's editor wrote."""

    async def errand(session: Session) -> None:
        from contextlib import aclosing

        from kode.platform.port import LogQuery

        await session.find(name)
        query = LogQuery(follow=follow, tail=tail, source="sidecar" if sidecar else "editor")
        async with aclosing(session.platform.logs(name, session.namespace, query)) as lines:
            async for line in lines:
                sys.stdout.write(f"{line}\n")
                if follow:
                    sys.stdout.flush()

    visit(where, errand)
