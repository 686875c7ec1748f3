"""The lock of a platform's folder: one program at a time starts, runs or clears away there.

Rule: the kernel gives it back when its holder ends, however that was; its file says nothing.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from typing import IO

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.platform.local.places import Places

TAKEN = os.EX_TEMPFAIL
"""Exit code of a platform's program that found another one there."""

_LOOK_EVERY = 0.05


class Taken(PlatformError):
    """Somebody else holds the lock."""


@contextlib.contextmanager
def alone(places: Places, within: float = 0.0) -> Iterator[None]:
    """Hold the lock that only one platform of a folder can hold.

    Args:
        places: whose.
        within: seconds to wait for it.

    Raises:
        Taken: another one holds it.
        OSError: the folder cannot be written.
    """
    places.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    until = time.monotonic() + within
    with (places.run / "platform.lock").open("a", encoding="utf-8") as stream:
        while not _locked(stream):
            if time.monotonic() >= until:
                text = f"another platform runs in {places.root}: `kode status` shows it"
                raise Taken(Reason.PLATFORM_ERROR, text)
            time.sleep(_LOOK_EVERY)
        yield


def _locked(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
