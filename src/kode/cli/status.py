"""`kode status`: which platform, what runs on it, and where.

Rule: a platform that is down is a state, not an error.
"""

import sys
from collections import Counter
from typing import Any

from kode.cli import conditions
from kode.cli.kinds import KODE
from kode.cli.options import Form, Output, Where
from kode.cli.platforms import visit
from kode.cli.session import Session
from kode.cli.terminal import documents
from kode.cli.terminal.table import columns_of
from kode.cli.version import own


def command(where: Where, output: Output = Form.TABLE) -> None:
    """Show which platform is meant, what runs on it, and where things are."""

    async def errand(session: Session) -> None:
        said = await told(session)
        if output in (Form.TABLE, Form.NAME):
            sys.stdout.write(columns_of([[key, _words(value)] for key, value in said.items()]))
            if said.get("state") == "down":
                sys.stderr.write("next: kode up\n")
        else:
            documents.value(output, said)

    visit(where, errand)


async def told(session: Session) -> dict[str, Any]:
    """Return what there is to tell."""
    said: dict[str, Any] = {"platform": session.platform.display_name, "version": own()}
    if session.local:
        from kode.cli.machine import state

        said |= state()
    found = (await session.platform.list(KODE.name)).items
    phases = Counter(conditions.phase(kode) or "Pending" for kode in found)
    return {**said, "kodes": len(found), "phases": dict(sorted(phases.items()))}


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return str(value)
