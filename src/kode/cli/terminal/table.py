"""Tables.

Rule: on a terminal a table is laid out for it, in colour where it may be; into a pipe go plain
aligned columns, the same whatever reads them.
"""

import sys
from collections.abc import Iterable, Sequence

from kode.cli.terminal.format import sanitize

_STYLES = {
    "Running": "green",
    "ok": "green",
    "up": "green",
    "Starting": "yellow",
    "Pending": "yellow",
    "Stopping": "yellow",
    "warn": "yellow",
    "Suspended": "dim",
    "Failed": "red",
    "fail": "red",
    "down": "red",
}


def show(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table to standard output.

    Args:
        columns: their titles.
        rows: cells, as many as columns; an empty one is shown as a dash.
    """
    cells = [[sanitize(cell) or "-" for cell in row] for row in rows]
    if sys.stdout.isatty():
        _rich(columns, cells)
    else:
        sys.stdout.write(align([[title.upper() for title in columns], *cells]))


def align(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned lines."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def _rich(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for title in columns:
        # A truncated name or address is of no use; sentences wrap.
        table.add_column(title.upper(), no_wrap=title != "message", overflow="fold")
    for row in rows:
        # As Text, so that brackets in a message are not read as markup.
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    Console().print(table)
