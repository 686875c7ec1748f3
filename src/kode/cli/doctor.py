"""`kode doctor`: diagnose problems of this machine or of a cluster."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict

from kode.cli.checks.result import Check, CheckResult, Level, run_checks
from kode.cli.errors import print_hint, run
from kode.cli.exit_codes import ExitCode
from kode.cli.options import Output, OutputFormat, TargetOptions
from kode.cli.platforms import is_cluster, require_cluster_extra
from kode.cli.terminal.progress import ProgressLine


def command(target: TargetOptions, output: Output = OutputFormat.TABLE) -> None:
    """Diagnose problems of this machine, or of a cluster.

    Each requirement is tested; nothing is changed. The exit code is 6 when a check fails; what only
    limits Kode is a warning.
    """

    async def action() -> int:
        with ExitStack() as shown:
            if is_cluster(target):
                results = await _check_cluster(target)
            else:
                results = await run_checks(local_checks(), _progress_callback(shown))
        show(results, output)
        failed = any(result.level is Level.FAIL for result in results)
        return ExitCode.PLATFORM if failed else ExitCode.OK

    run(action)


async def _check_cluster(target: TargetOptions) -> Sequence[CheckResult]:
    with require_cluster_extra():
        from kode.cli.checks import cluster
    return await cluster.check_cluster(target)


def _progress_callback(shown: ExitStack) -> Callable[[Sequence[str]], None]:
    """Return what shows which checks are running; the line is removed with the stack."""
    lines: list[ProgressLine] = []

    def show_running(names: Sequence[str]) -> None:
        text = f"checking {', '.join(names)}"
        if lines:
            lines[0].update(text)
        else:
            lines.append(shown.enter_context(ProgressLine(text)))

    return show_running


def local_checks() -> Sequence[tuple[str, Check]]:
    """Return the checks of this machine."""
    from kode.cli.checks import compiler, local, programs

    return (
        ("port", local.port),
        ("dns", local.dns),
        ("envoy", programs.envoy),
        ("editors", programs.editors),
        ("compiler", compiler.compiler),
        ("networks", programs.networks),
        ("podman", programs.podman),
        ("disk", local.disk),
        ("database", local.database),
        ("permissions", local.permissions),
        ("clock", local.clock),
    )


def show(results: Sequence[CheckResult], output_format: OutputFormat) -> None:
    """Print the results of checks."""
    from kode.cli.terminal import table
    from kode.cli.terminal.output import write_value

    if output_format is OutputFormat.NAME:
        sys.stdout.write("".join(f"{result.check}\n" for result in results))
        return
    if output_format is not OutputFormat.TABLE:
        write_value(output_format, [{**asdict(it), "level": it.level.value} for it in results])
        return
    rows = [[it.check, it.level.value, it.message] for it in results]
    table.show(["check", "state", "message"], rows)
    for result in results:
        if result.hint:
            print_hint(f"{result.check}: {result.hint}")
