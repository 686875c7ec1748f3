"""`kode restart`: stop and start a Kode."""

from kode.cli import lifecycle
from kode.cli.arguments import Names
from kode.cli.options import TargetOptions, WaitOptions
from kode.cli.platforms import run_command


def command(names: Names, target: TargetOptions, wait_options: WaitOptions) -> None:
    """Restart Kodes and apply any pending update of their template."""
    run_command(target, lifecycle.action_on(names, wait_options, lifecycle.restart))
