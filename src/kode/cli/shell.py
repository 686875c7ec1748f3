"""`kode shell`: an interactive shell in a Kode."""

from kode.cli.arguments import Name
from kode.cli.exec import Root, exec_command
from kode.cli.options import TargetOptions
from kode.cli.platforms import run_command
from kode.cli.session import Session


def command(name: Name, target: TargetOptions, *, root: Root = False) -> None:
    """Open a shell in a Kode, as the editor's user."""

    async def action(session: Session) -> int:
        return await exec_command(session, name, [], root=root)

    run_command(target, action)
