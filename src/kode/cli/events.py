"""`kode events`: the events of Kodes, oldest first."""

import asyncio
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from kode.cli.options import Output, OutputFormat, ScopeOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session
from kode.cli.terminal import table
from kode.cli.terminal.format import age
from kode.cli.terminal.output import write_value
from kode.platform.port import Event

_POLL_INTERVAL = 1.0


def command(
    target: ScopeOptions,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Name of one Kode.")] = "",
    *,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Keep watching for new events.")
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Show the events of Kodes, oldest first."""

    async def action(session: Session) -> None:
        if name:
            await session.get(name)
        events = await session.platform.events(session.scope, name or None)
        _show(session, events, output)
        if watch:
            await _follow(session, name or None, events, output)

    run_command(target, action)


def _show(session: Session, events: tuple[Event, ...], output_format: OutputFormat) -> None:
    if output_format is OutputFormat.NAME:
        sys.stdout.write("".join(f"kode/{event.kode}\n" for event in events))
    elif output_format is not OutputFormat.TABLE:
        write_value(output_format, [asdict(event) for event in events])
    elif not events:
        sys.stderr.write("no events\n")
    else:
        columns = ["age", "type", "kode", "reason", "message"]
        table.show(columns, [_row(session, event) for event in events])


def _row(session: Session, event: Event) -> list[str]:
    kode = f"{event.namespace}/{event.kode}" if session.all_namespaces else event.kode
    times = f" ({event.count} times)" if event.count > 1 else ""
    return [age(event.time), event.type, kode, event.reason, f"{event.message}{times}"]


async def _follow(
    session: Session, name: str | None, before: tuple[Event, ...], output_format: OutputFormat
) -> None:
    import json

    known = set(before)
    while True:
        sys.stdout.flush()
        await asyncio.sleep(_POLL_INTERVAL)
        events = await session.platform.events(session.scope, name)
        for event in (item for item in events if item not in known):
            if output_format is OutputFormat.TABLE:
                sys.stdout.write(table.align([_row(session, event)]))
            else:
                # One object a line: what goes on for ever is no list.
                sys.stdout.write(json.dumps(asdict(event)) + "\n")
        known = set(events)
