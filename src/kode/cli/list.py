"""`kode list`: the Kodes, one a line."""

from kode.api.kinds import KODE
from kode.cli.options import Output, OutputFormat, ScopeOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session


def command(target: ScopeOptions, output: Output = OutputFormat.TABLE) -> None:
    """List Kodes with phase, URL, and the reason why one is not ready."""

    async def action(session: Session) -> None:
        await print_kodes(session, output)

    run_command(target, action)


async def print_kodes(session: Session, output_format: OutputFormat) -> None:
    """Print the Kodes within the scope."""
    items = await session.list_objects(KODE)
    if output_format is not OutputFormat.TABLE:
        from kode.cli.terminal.output import write_objects

        write_objects(output_format, items)
        return
    if not items:
        print_empty(session)
        return
    from kode.cli.terminal import object_table

    object_table.show(KODE, items, all_namespaces=session.all_namespaces)


def print_empty(session: Session) -> None:
    """Say that there is no Kode, and how to create one."""
    import sys

    scope = "" if session.all_namespaces else f" in namespace {session.namespace}"
    sys.stderr.write(f"no Kodes{scope}; `kode create NAME --template TEMPLATE` creates one\n")
