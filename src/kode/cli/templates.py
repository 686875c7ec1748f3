"""`kode templates`: what a Kode may be made from."""

import sys
from collections.abc import Mapping
from typing import Any

from kode.cli.kinds import CLUSTER_TEMPLATE, TEMPLATE
from kode.cli.options import Anywhere, Form, Output
from kode.cli.platforms import visit
from kode.cli.session import Session
from kode.cli.terminal import documents, table
from kode.cli.terminal.objects import parameters


def command(where: Anywhere, output: Output = Form.TABLE) -> None:
    """List the templates that a Kode may be made from, with their parameters."""

    async def errand(session: Session) -> None:
        items = await offered(session)
        if output is not Form.TABLE:
            documents.write(output, items)
        elif not items:
            sys.stderr.write("no templates; `kode apply -f FILE` adds one\n")
        else:
            table.show(["name", "kind", "type", "parameters"], [_row(session, it) for it in items])

    visit(where, errand)


async def offered(session: Session) -> list[Mapping[str, Any]]:
    """Return the templates of the scope, and those for all namespaces."""
    return [*await session.items(TEMPLATE), *await session.items(CLUSTER_TEMPLATE)]


def _row(session: Session, template: Mapping[str, Any]) -> list[str]:
    meta = template["metadata"]
    own = f"{meta['namespace']}/" if session.everywhere and meta.get("namespace") else ""
    kind, name = str(template["kind"]), str(meta["name"])
    return [own + name, kind, str(template["spec"].get("type", "")), parameters(template)]
