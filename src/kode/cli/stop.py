"""`kode stop`: a Kode stands still, its files kept."""

from kode.cli import lifecycle
from kode.cli.options import Names, Patience, Where
from kode.cli.platforms import visit


def command(names: Names, where: Where, patience: Patience) -> None:
    """Stop Kodes; their files stay."""
    visit(where, lifecycle.errand(names, patience, lifecycle.stop))
