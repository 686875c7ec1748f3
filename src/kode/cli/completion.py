"""`kode completion`: what a shell needs to complete commands and options."""

import os
from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import get_completion_inspect_parameters

VARIABLE = "_KODE_COMPLETE"
"""Set by the shell when it wants to know how a line goes on."""


class Shell(StrEnum):
    """The shells that are known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def command(shell: Annotated[Shell, typer.Argument(help="The shell.")]) -> None:
    """Print what a shell needs to complete kode.

    For example in ~/.bashrc: eval "$(kode completion bash)".
    """
    from kode.cli.main import app

    answer()
    os.environ[VARIABLE] = f"source_{shell}"
    app(prog_name="kode")


def answer() -> None:
    """Get ready to answer a shell."""
    # What teaches typer the shells; the options that it returns are not wanted.
    get_completion_inspect_parameters()
