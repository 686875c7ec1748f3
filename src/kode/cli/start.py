"""`kode start`: a suspended Kode goes on."""

from typing import Annotated

import typer

from kode.cli import lifecycle
from kode.cli.options import Names, Patience, Where
from kode.cli.platforms import visit


def command(
    names: Names,
    where: Where,
    patience: Patience,
    *,
    new_home: Annotated[
        bool, typer.Option("--new-home", help="With a new, empty home, where the home is gone.")
    ] = False,
) -> None:
    """Start suspended Kodes; waits until one can work in them."""
    turn = lifecycle.start_anew if new_home else lifecycle.start
    visit(where, lifecycle.errand(names, patience, turn))
