"""`kode list`: the Kodes, one a line."""

from kode.cli.kinds import KODE
from kode.cli.options import Anywhere, Form, Output
from kode.cli.platforms import visit
from kode.cli.session import Session


def command(where: Anywhere, output: Output = Form.TABLE) -> None:
    """List Kodes: how far each is, where it opens, and why it does not."""

    async def errand(session: Session) -> None:
        await listed(session, output)

    visit(where, errand)


async def listed(session: Session, form: Form) -> None:
    """Write the Kodes within the scope."""
    items = await session.items(KODE)
    if form is not Form.TABLE:
        from kode.cli.terminal import documents

        documents.write(form, items)
        return
    if not items:
        empty(session)
        return
    from kode.cli.terminal import objects

    objects.show(KODE, items, everywhere=session.everywhere)


def empty(session: Session) -> None:
    """Say that there is no Kode, and how one comes to be."""
    import sys

    where = "" if session.everywhere else f" in namespace {session.namespace}"
    sys.stderr.write(f"no Kodes{where}; `kode create NAME --template T` makes one\n")
