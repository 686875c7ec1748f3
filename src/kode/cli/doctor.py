"""`kode doctor`: what stands in the way, and what to do about it."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict

from kode.cli.checks.finding import Check, Finding, Level, look
from kode.cli.exits import Exit
from kode.cli.failures import finish
from kode.cli.options import Form, Output, Where
from kode.cli.platforms import is_cluster, needs_cluster
from kode.cli.terminal.progress import Progress


def command(where: Where, output: Output = Form.TABLE) -> None:
    """Try what is needed, and tell what stands in the way: of this machine, or of a cluster.

    Exit code 6 when something does; what only limits is a warning. Nothing is changed or left.
    """

    async def errand() -> int:
        with ExitStack() as shown:
            found = await (_there(where) if is_cluster(where) else look(here(), _teller(shown)))
        show(found, output)
        failed = any(finding.level is Level.FAIL for finding in found)
        return Exit.PLATFORM if failed else Exit.OK

    finish(errand)


async def _there(where: Where) -> Sequence[Finding]:
    with needs_cluster():
        from kode.cli.checks import cluster
    return await cluster.findings(where)


def _teller(shown: ExitStack) -> Callable[[Sequence[str]], None]:
    """Return what shows which checks are under way; the line is taken away with the stack."""
    lines: list[Progress] = []

    def tell(names: Sequence[str]) -> None:
        text = f"trying {', '.join(names)}"
        if lines:
            lines[0].tell(text)
        else:
            lines.append(shown.enter_context(Progress(text)))

    return tell


def here() -> Sequence[tuple[str, Check]]:
    """Return the checks of this machine."""
    from kode.cli.checks import compiler, machine, programs

    return (
        ("port", machine.port),
        ("names", machine.hosts),
        ("envoy", programs.envoy),
        ("editors", programs.editors),
        ("compiler", compiler.compiler),
        ("networks", programs.networks),
        ("podman", programs.podman),
        ("room", machine.room),
        ("store", machine.store),
        ("modes", machine.modes),
        ("clock", machine.clock),
    )


def show(found: Sequence[Finding], form: Form) -> None:
    """Write what was found."""
    from kode.cli.terminal import documents, table
    from kode.cli.terminal.format import sanitize

    if form is Form.NAME:
        sys.stdout.write("".join(f"{finding.check}\n" for finding in found))
        return
    if form is not Form.TABLE:
        documents.value(form, [{**asdict(it), "level": it.level.value} for it in found])
        return
    table.show(["check", "state", "why"], [[it.check, it.level.value, it.words] for it in found])
    for finding in found:
        if finding.then:
            sys.stderr.write(f"next: {finding.check}: {sanitize(finding.then)}\n")
