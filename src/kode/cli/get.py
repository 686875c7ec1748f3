"""`kode get`: objects of any kind, by kind and name."""

from typing import Annotated

import typer

from kode.cli import kinds
from kode.cli.options import Anywhere, Form, Output
from kode.cli.platforms import visit
from kode.cli.session import Session


def command(
    what: Annotated[
        str, typer.Argument(metavar="KIND", help="Such as kodes, templates, proxyconfigs, kd.")
    ],
    where: Anywhere,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One of them.")] = "",
    output: Output = Form.TABLE,
) -> None:
    """Print objects of any kind.

    Kinds: kodes, templates, clustertemplates, proxyconfigs, proxyclusterconfigs; singular, short
    (kd) and full names are taken as well, and kind/name.
    """

    async def errand(session: Session) -> None:
        await got(session, what, name, output)

    visit(where, errand)


async def got(session: Session, what: str, name: str, form: Form) -> None:
    """Write the objects of a kind within the scope, or one of them."""
    word, _, own = what.partition("/")
    kind, name = kinds.kind(word), name or own
    items = [await session.find(name, kind)] if name else await session.items(kind)
    if form is not Form.TABLE:
        from kode.cli.terminal import documents

        documents.write(form, items, single=bool(name))
        return
    if not items:
        import sys

        where = "" if session.scope is None or not kind.namespaced else f" in {session.scope}"
        sys.stderr.write(f"no {kind.word}s{where}\n")
        return
    from kode.cli.terminal import objects

    objects.show(kind, items, everywhere=session.everywhere)
