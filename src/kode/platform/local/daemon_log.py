"""The log of the platform's own program.

Rule: it stays small, whatever happens: at its limit it becomes an older part, of which the last few
are kept. What Python itself prints goes to the part that is written now.
"""

import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

_MAX_BYTES = 2 * 2**20
_OLDER = 3


class _Journal(RotatingFileHandler):
    """A log that standard output and error follow."""

    def doRollover(self) -> None:  # noqa: N802 # its name
        super().doRollover()
        if self.stream is None:
            self.stream = self._open()
        for number in (1, 2):
            os.dup2(self.stream.fileno(), number)


def write_to(file: Path) -> None:
    """Write the log to a file from now on, which standard error goes to already.

    Raises:
        OSError: it cannot be opened.
    """
    # A disk that is full costs lines, not a line about each of them.
    logging.raiseExceptions = False
    journal = _Journal(file, maxBytes=_MAX_BYTES, backupCount=_OLDER, encoding="utf-8")
    journal.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[journal])


def write_to_stderr() -> None:
    """Write the log to standard error: somebody looks on."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
