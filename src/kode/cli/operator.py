"""`kode operator`: becomes the operator.

Rule: the operator runs without the packages of the command line, which would cost it memory for as
long as it runs; so this process is replaced by it, and the options are its own.
"""

import os
import sys
from collections.abc import Sequence


def run(arguments: Sequence[str]) -> None:
    """Replace this process by the operator.

    Args:
        arguments: its command line, for example --workers 8.
    """
    os.execv(sys.executable, [sys.executable, "-m", "kode.controllers", *arguments])  # noqa: S606
