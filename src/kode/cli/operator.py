"""`kode operator`: becomes the operator.

Rule: the operator runs without the packages of the command line, which would cost it memory for as
long as it runs; so this process is replaced by it, and the options are its own.
"""

import os
import sys
from typing import Any

import typer

SETTINGS: dict[str, Any] = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "add_help_option": False,
}


def command(context: typer.Context) -> None:
    """Run the operator; `kode operator --help` lists its options."""
    os.execv(sys.executable, [sys.executable, "-m", "kode.controllers", *context.args])  # noqa: S606
