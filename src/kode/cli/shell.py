"""`kode shell`: a person's shell where a Kode runs."""

from kode.cli.exec import executed
from kode.cli.options import Name, Where
from kode.cli.platforms import visit
from kode.cli.session import Session


def command(name: Name, where: Where) -> None:
    """Open a shell where a Kode runs."""

    async def errand(session: Session) -> int:
        return await executed(session, name, [])

    visit(where, errand)
