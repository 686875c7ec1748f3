"""`kode down`: stop the platform on this machine, and everything that it runs."""

import os
import sys

from kode.cli.errors import run
from kode.cli.terminal.progress import ProgressLine


def command() -> None:
    """Stop the platform on this machine and every editor on it; Kodes and files stay."""

    async def action() -> None:
        from kode.platform.local import daemon_control
        from kode.platform.local.paths import Paths

        with ProgressLine("stopping the platform") as progress:
            stopped = await daemon_control.stop(Paths.of(os.environ), progress.update)
        sys.stdout.write("platform stopped\n" if stopped else "nothing is running\n")

    run(action)
