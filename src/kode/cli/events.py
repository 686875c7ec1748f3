"""`kode events`: what happened, the oldest first."""

import asyncio
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from kode.cli.options import Anywhere, Form, Output
from kode.cli.platforms import visit
from kode.cli.session import Session
from kode.cli.terminal import documents, table
from kode.cli.terminal.format import age
from kode.platform.port import Event

_PAUSE = 1.0


def command(
    where: Anywhere,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Of one Kode only.")] = "",
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on with what happens.")] = False,
    output: Output = Form.TABLE,
) -> None:
    """Show what happened to Kodes, the oldest first."""

    async def errand(session: Session) -> None:
        if name:
            await session.find(name)
        found = await session.platform.events(session.scope, name or None)
        _show(session, found, output)
        if watch:
            await _go_on(session, name or None, found, output)

    visit(where, errand)


def _show(session: Session, events: tuple[Event, ...], form: Form) -> None:
    if form is Form.NAME:
        sys.stdout.write("".join(f"kode/{event.kode}\n" for event in events))
    elif form is not Form.TABLE:
        documents.value(form, [asdict(event) for event in events])
    elif not events:
        sys.stderr.write("no events\n")
    else:
        columns = ["age", "type", "kode", "reason", "message"]
        table.show(columns, [_row(session, event) for event in events])


def _row(session: Session, event: Event) -> list[str]:
    kode = f"{event.namespace}/{event.kode}" if session.everywhere else event.kode
    times = f" ({event.count} times)" if event.count > 1 else ""
    return [age(event.time), event.type, kode, event.reason, f"{event.message}{times}"]


async def _go_on(session: Session, name: str | None, before: tuple[Event, ...], form: Form) -> None:
    import json

    known = set(before)
    while True:
        sys.stdout.flush()
        await asyncio.sleep(_PAUSE)
        found = await session.platform.events(session.scope, name)
        for event in (item for item in found if item not in known):
            if form is Form.TABLE:
                sys.stdout.write(table.columns_of([_row(session, event)]))
            else:
                # One object a line: what goes on for ever is no list.
                sys.stdout.write(json.dumps(asdict(event)) + "\n")
        known = set(found)
