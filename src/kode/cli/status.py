"""`kode status`: the platform and what runs on it.

Rule: a platform that is down is a state, not an error.
"""

import sys
from collections import Counter
from typing import Any

from kode.api.kinds import KODE
from kode.cli import conditions
from kode.cli.errors import print_hint
from kode.cli.options import Output, OutputFormat, TargetOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session
from kode.cli.terminal.output import write_value
from kode.cli.terminal.table import align
from kode.cli.version import own_version


def command(target: TargetOptions, output: Output = OutputFormat.TABLE) -> None:
    """Show the selected platform, what runs on it, and where its data is."""

    async def action(session: Session) -> None:
        status = await collect(session)
        if output in (OutputFormat.TABLE, OutputFormat.NAME):
            sys.stdout.write(align([[key, _format(value)] for key, value in status.items()]))
            if status.get("state") == "down":
                print_hint("kode up")
        else:
            write_value(output, status)

    run_command(target, action)


async def collect(session: Session) -> dict[str, Any]:
    """Return the status of the selected platform, by title."""
    status: dict[str, Any] = {"platform": session.platform.display_name, "version": own_version()}
    if session.local:
        from kode.cli.local_status import platform_state

        status |= platform_state()
    kodes = (await session.platform.list(KODE.name)).items
    phases = Counter(conditions.phase(kode) or "Pending" for kode in kodes)
    return {**status, "kodes": len(kodes), "phases": dict(sorted(phases.items()))}


def _format(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return str(value)
