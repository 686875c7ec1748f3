"""Progress of a command that takes long.

Rule: on a terminal one line that changes; elsewhere one line for each change.
"""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kode.cli.terminal.format import sanitize

if TYPE_CHECKING:
    from rich.status import Status


class ProgressLine:
    """The progress line, on standard error."""

    def __init__(self, text: str) -> None:
        """Begin with a text."""
        self._text = sanitize(text)
        self._status: Status | None = None

    def __enter__(self) -> Self:
        """Show the first line."""
        if not sys.stderr.isatty():
            sys.stderr.write(f"{self._text}\n")
            return self
        from rich.console import Console
        from rich.text import Text

        self._status = Console(stderr=True).status(Text(self._text))
        self._status.start()
        return self

    def update(self, text: str) -> None:
        """Replace the text."""
        shown = sanitize(text)
        if shown == self._text:
            return
        self._text = shown
        if self._status is None:
            sys.stderr.write(f"{shown}\n")
            return
        from rich.text import Text

        self._status.update(Text(shown))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the line."""
        if self._status is not None:
            self._status.stop()
