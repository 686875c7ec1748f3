"""`kode stop`: suspend a Kode; its files stay."""

from kode.cli import lifecycle
from kode.cli.arguments import Names
from kode.cli.options import TargetOptions, WaitOptions
from kode.cli.platforms import run_command


def command(names: Names, target: TargetOptions, wait_options: WaitOptions) -> None:
    """Stop Kodes; their files stay."""
    run_command(target, lifecycle.action_on(names, wait_options, lifecycle.stop))
