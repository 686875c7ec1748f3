"""`kode get`: objects of any kind, by kind and name."""

from typing import Annotated

import typer

from kode.cli import kinds
from kode.cli.options import Output, OutputFormat, ScopeOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session


def command(
    kind_name: Annotated[
        str, typer.Argument(metavar="KIND", help="Such as kodes, templates, proxyconfigs or kd.")
    ],
    target: ScopeOptions,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Name of one object.")] = "",
    output: Output = OutputFormat.TABLE,
) -> None:
    """Print objects of any kind.

    Kinds: kodes, templates, clustertemplates, proxyconfigs, proxyclusterconfigs; singular, short
    (kd) and full names work as well, and kind/name.
    """

    async def action(session: Session) -> None:
        await print_objects(session, kind_name, name, output)

    run_command(target, action)


async def print_objects(
    session: Session, kind_name: str, name: str, output_format: OutputFormat
) -> None:
    """Print the objects of a kind within the scope, or one of them."""
    word, _, right = kind_name.partition("/")
    kind, name = kinds.parse_kind(word), name or right
    items = [await session.get(name, kind)] if name else await session.list_objects(kind)
    if output_format is not OutputFormat.TABLE:
        from kode.cli.terminal.output import write_objects

        write_objects(output_format, items, single=bool(name))
        return
    if not items:
        import sys

        all_of_them = session.scope is None or not kind.namespaced
        scope = "" if all_of_them else f" in namespace {session.scope}"
        sys.stderr.write(f"no {kind.word}s{scope}\n")
        return
    from kode.cli.terminal import object_table

    object_table.show(kind, items, all_namespaces=session.all_namespaces)
