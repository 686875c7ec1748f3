"""`kode down`: the platform on this machine ends, and everything that it runs."""

import os
import sys

from kode.cli.failures import finish
from kode.cli.terminal.progress import Progress


def command() -> None:
    """Stop the platform on this machine and every editor on it; Kodes and files stay."""

    async def errand() -> None:
        from kode.platform.local import daemon_control
        from kode.platform.local.paths import Paths

        with Progress("stopping") as progress:
            ended = await daemon_control.stop(Paths.of(os.environ), progress.tell)
        sys.stdout.write("the platform is stopped\n" if ended else "nothing runs\n")

    finish(errand)
