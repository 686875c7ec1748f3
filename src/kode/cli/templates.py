"""`kode templates`: the templates that a Kode can be created from."""

import sys
from collections.abc import Mapping
from typing import Any

from kode.api.kinds import CLUSTER_TEMPLATE, TEMPLATE
from kode.cli.options import Output, OutputFormat, ScopeOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session
from kode.cli.terminal import table
from kode.cli.terminal.object_table import format_parameters
from kode.cli.terminal.output import write_objects


def command(target: ScopeOptions, output: Output = OutputFormat.TABLE) -> None:
    """List the templates that a Kode can be created from, with their parameters."""

    async def action(session: Session) -> None:
        items = await list_templates(session)
        if output is not OutputFormat.TABLE:
            write_objects(output, items)
        elif not items:
            sys.stderr.write("no templates; `kode apply -f FILE` adds one\n")
        else:
            table.show(["name", "kind", "type", "parameters"], [_row(session, it) for it in items])

    run_command(target, action)


async def list_templates(session: Session) -> list[Mapping[str, Any]]:
    """Return the templates of the scope, and those for all namespaces."""
    return [*await session.list_objects(TEMPLATE), *await session.list_objects(CLUSTER_TEMPLATE)]


def _row(session: Session, template: Mapping[str, Any]) -> list[str]:
    meta = template["metadata"]
    own = f"{meta['namespace']}/" if session.all_namespaces and meta.get("namespace") else ""
    kind, name = str(template["kind"]), str(meta["name"])
    return [own + name, kind, str(template["spec"].get("type", "")), format_parameters(template)]
