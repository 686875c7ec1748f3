"""`kode doctor`: what stands in the way, and what to do about it."""

import sys
from collections.abc import Sequence
from dataclasses import asdict

from kode.cli.checks.finding import Check, Finding, Level, look
from kode.cli.exits import Exit
from kode.cli.failures import finish
from kode.cli.options import Form, Output, Where
from kode.cli.platforms import is_cluster, needs_cluster


def command(where: Where, output: Output = Form.TABLE) -> None:
    """Look for what stands in the way: of this machine, or of a cluster.

    Exit code 6 when something does; what only limits is a warning.
    """

    async def errand() -> int:
        if is_cluster(where):
            found = await _there(where)
        else:
            found = await look(here())
        show(found, output)
        failed = any(finding.level is Level.FAIL for finding in found)
        return Exit.PLATFORM if failed else Exit.OK

    finish(errand)


async def _there(where: Where) -> Sequence[Finding]:
    with needs_cluster():
        from kode.cli.checks import cluster
    return await cluster.findings(where)


def here() -> Sequence[tuple[str, Check]]:
    """Return the checks of this machine."""
    from kode.cli.checks import machine, programs

    return (
        ("port", machine.port),
        ("names", machine.hosts),
        ("envoy", programs.envoy),
        ("editors", programs.editors),
        ("compiler", programs.compiler),
        ("podman", programs.podman),
        ("room", machine.room),
        ("store", machine.store),
        ("modes", machine.modes),
        ("clock", machine.clock),
    )


def show(found: Sequence[Finding], form: Form) -> None:
    """Write what was found."""
    from kode.cli.terminal import documents, table
    from kode.cli.terminal.words import plain

    if form is Form.NAME:
        sys.stdout.write("".join(f"{finding.check}\n" for finding in found))
        return
    if form is not Form.TABLE:
        documents.value(form, [{**asdict(it), "level": it.level.value} for it in found])
        return
    table.show(["check", "state", "why"], [[it.check, it.level.value, it.words] for it in found])
    for finding in found:
        if finding.then:
            sys.stderr.write(f"next: {finding.check}: {plain(finding.then)}\n")
