"""`kode start`: start a suspended Kode."""

from typing import Annotated

import typer

from kode.cli import lifecycle
from kode.cli.arguments import Names
from kode.cli.options import TargetOptions, WaitOptions
from kode.cli.platforms import run_command


def command(
    names: Names,
    target: TargetOptions,
    wait_options: WaitOptions,
    *,
    new_home: Annotated[
        bool,
        typer.Option("--new-home", help="Create a new, empty home volume if the old one is lost."),
    ] = False,
) -> None:
    """Start suspended Kodes and wait until they are ready."""
    action = lifecycle.start_with_new_home if new_home else lifecycle.start
    run_command(target, lifecycle.action_on(names, wait_options, action))
