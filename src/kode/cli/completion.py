"""`kode completion`: shell completion of commands, options and names of Kodes.

Rule: a shell that asks is answered soon or not at all, and never with an error.
"""

import os
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from kode.cli.errors import CommandError
from kode.cli.options import TargetOptions
from kode.errors import KodeError

if TYPE_CHECKING:
    from typer.core import TyperGroup

_TIMEOUT = 2.0
"""Seconds to wait for a platform's names; a shell that waits longer seems to hang."""
VARIABLE = "_KODE_COMPLETE"
"""Set by the shell when it asks for completions."""


class Shell(StrEnum):
    """The supported shells."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def command(
    context: typer.Context, shell: Annotated[Shell, typer.Argument(help="The shell.")]
) -> None:
    """Print the completion script for a shell.

    For example in ~/.bashrc: eval "$(kode completion bash)".
    """
    register_shells()
    os.environ[VARIABLE] = f"source_{shell}"
    cast("TyperGroup", context.find_root().command).main([], prog_name="kode")


def register_shells() -> None:
    """Make typer answer the shells that it knows."""
    from typer.completion import get_completion_inspect_parameters

    # Called for what it registers; the options that it returns are not used.
    get_completion_inspect_parameters()


def complete_name(context: typer.Context, incomplete: str) -> list[str]:
    """Return the names of Kodes that begin with what is typed so far."""
    return [name for name in kode_names(context.params) if name.startswith(incomplete)]


def kode_names(options: Mapping[str, Any]) -> list[str]:
    """Return the names of the Kodes on the platform that the options name.

    Args:
        options: the values typed so far, by parameter.
    """
    import asyncio

    from kode.cli.platforms import select_platform

    named = {field.name: options.get(field.name) for field in fields(TargetOptions)}
    typed: dict[str, Any] = {name: value for name, value in named.items() if value}
    target = TargetOptions(**typed)

    async def list_names() -> list[str]:
        async with asyncio.timeout(_TIMEOUT):
            selected = select_platform(target)
            namespace = target.namespace or selected.namespace
            try:
                kodes = await selected.platform.list("Kode", namespace)
            finally:
                await selected.platform.close()
        return [str(kode["metadata"]["name"]) for kode in kodes.items]

    try:
        return asyncio.run(list_names())
    except (KodeError, CommandError, OSError):  # a TimeoutError is one
        return []
