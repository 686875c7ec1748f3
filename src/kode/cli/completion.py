"""`kode completion`: what a shell needs to complete commands, options and names of Kodes.

Rule: a shell that asks is answered soon or not at all, and never with an error.
"""

import os
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.completion import get_completion_inspect_parameters

from kode.cli.failures import Failure
from kode.cli.options import Where
from kode.errors import KodeError

_WITHIN = 2.0
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


def kodes(options: Mapping[str, Any]) -> list[str]:
    """Return the names of the Kodes that a command could mean.

    Args:
        options: what is typed so far, by option.
    """
    import asyncio

    from kode.cli.platforms import choose

    given = {field.name: options.get(field.name) for field in fields(Where)}
    typed: dict[str, Any] = {name: value for name, value in given.items() if value}
    where = Where(**typed)

    async def listed() -> list[str]:
        async with asyncio.timeout(_WITHIN):
            chosen = choose(where)
            try:
                found = await chosen.platform.list("Kode", where.namespace or chosen.namespace)
            finally:
                await chosen.platform.close()
        return [str(item["metadata"]["name"]) for item in found.items]

    try:
        return asyncio.run(listed())
    except (KodeError, Failure, OSError):  # a TimeoutError is one
        return []
