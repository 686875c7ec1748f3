"""`python -m kode.platform.local`: the platform's own program; `kode up` starts it.

Rule: what it says goes to standard error, which its starter has pointed at the platform's log.
"""

import argparse
import asyncio
import logging
import os
import sys

from kode.errors import KodeError
from kode.platform.local.daemon import Options
from kode.platform.local.places import Places
from kode.platform.local.service import Service, alone


def main() -> int:
    """Run one platform until it is asked to end; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m kode.platform.local", description=__doc__)
    parser.add_argument("--address", default="127.0.0.1", help="to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="to listen on (%(default)s)")
    found = parser.parse_args()
    # Files of a person's are nobody else's.
    os.umask(0o077)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    try:
        places = Places.of(os.environ)
        with alone(places):
            asyncio.run(_run(places, Options(found.address, found.port)))
    except (KodeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(places: Places, options: Options) -> None:
    await Service(places, options).run()


if __name__ == "__main__":
    sys.exit(main())
