"""`python -m kode.platform.local`: the platform's own program; `kode up` starts it.

Rule: what it says goes to the platform's log, or to standard error where that is a terminal.
"""

import argparse
import asyncio
import os
import sys

from kode.errors import KodeError
from kode.platform.local import daemon_control, daemon_log
from kode.platform.local.daemon import Daemon
from kode.platform.local.daemon_control import DaemonOptions
from kode.platform.local.paths import Paths
from kode.platform.local.status.daemon_lock import EX_LOCKED, LockHeld, exclusive


def main() -> int:
    """Run one platform until it is asked to end; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m kode.platform.local", description=__doc__)
    parser.add_argument("--address", default="127.0.0.1", help="to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="to listen on (%(default)s)")
    args = parser.parse_args()
    # Files of a user's are nobody else's.
    os.umask(0o077)
    paths = Paths.of(os.environ)
    try:
        paths.check()
        with exclusive(paths):
            if sys.stderr.isatty():
                daemon_log.write_to_stderr()
            else:
                daemon_control.log_path(paths).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                daemon_log.write_to(daemon_control.log_path(paths))
            asyncio.run(_run(paths, DaemonOptions(args.address, args.port)))
    except LockHeld as error:
        sys.stderr.write(f"{error}\n")
        return EX_LOCKED
    except (KodeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(paths: Paths, options: DaemonOptions) -> None:
    await Daemon(paths, options).run()


if __name__ == "__main__":
    sys.exit(main())
