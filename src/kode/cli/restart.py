"""`kode restart`: a Kode starts anew."""

from kode.cli import lifecycle
from kode.cli.options import Names, Patience, Where
from kode.cli.platforms import visit


def command(names: Names, where: Where, patience: Patience) -> None:
    """Start Kodes anew, taking an edit of their template that waits for it."""
    visit(where, lifecycle.errand(names, patience, lifecycle.restart))
