"""`python -m kode.platform.local`: the platform's own program; `kode up` starts it.

Rule: what it says goes to the platform's log, or to standard error where that is a terminal.
"""

import argparse
import asyncio
import os
import sys

from kode.errors import KodeError
from kode.platform.local import daemon, journal
from kode.platform.local.daemon import Options
from kode.platform.local.lock import TAKEN, Taken, alone
from kode.platform.local.places import Places
from kode.platform.local.service import Service


def main() -> int:
    """Run one platform until it is asked to end; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m kode.platform.local", description=__doc__)
    parser.add_argument("--address", default="127.0.0.1", help="to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="to listen on (%(default)s)")
    found = parser.parse_args()
    # Files of a person's are nobody else's.
    os.umask(0o077)
    places = Places.of(os.environ)
    try:
        places.check()
        with alone(places):
            if sys.stderr.isatty():
                journal.write_to_stderr()
            else:
                daemon.log(places).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                journal.write_to(daemon.log(places))
            asyncio.run(_run(places, Options(found.address, found.port)))
    except Taken as error:
        sys.stderr.write(f"{error}\n")
        return TAKEN
    except (KodeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(places: Places, options: Options) -> None:
    await Service(places, options).run()


if __name__ == "__main__":
    sys.exit(main())
