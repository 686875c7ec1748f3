"""`kode start`: a suspended Kode goes on."""

from kode.cli import lifecycle
from kode.cli.options import Names, Patience, Where
from kode.cli.platforms import visit


def command(names: Names, where: Where, patience: Patience) -> None:
    """Start suspended Kodes; waits until one can work in them."""
    visit(where, lifecycle.errand(names, patience, lifecycle.start))
