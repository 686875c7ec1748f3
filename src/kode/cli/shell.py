"""`kode shell`: a person's shell where a Kode runs."""

from kode.cli.exec import Root, executed
from kode.cli.options import Name, Where
from kode.cli.platforms import visit
from kode.cli.session import Session


def command(name: Name, where: Where, *, root: Root = False) -> None:
    """Open a shell where a Kode runs, as the editor's user."""

    async def errand(session: Session) -> int:
        return await executed(session, name, [], root=root)

    visit(where, errand)
