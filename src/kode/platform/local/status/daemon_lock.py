"""The lock of a platform's folder: one program at a time starts, runs or clears away there.

Rule: the kernel gives it back when its holder ends, however that was; its file says nothing.
"""

import contextlib
import os
import time
from collections.abc import Iterator

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.platform.local.files import try_lock
from kode.platform.local.paths import Paths

EX_LOCKED = os.EX_TEMPFAIL
"""Exit code of a platform's program that found another one there."""

_POLL_INTERVAL = 0.05


class LockHeld(PlatformError):
    """Somebody else holds the lock."""


@contextlib.contextmanager
def exclusive(paths: Paths, within: float = 0.0) -> Iterator[None]:
    """Hold the lock that only one platform of a folder can hold.

    Args:
        paths: whose.
        within: seconds to wait for it.

    Raises:
        LockHeld: another one holds it.
        OSError: the folder cannot be written.
    """
    paths.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    until = time.monotonic() + within
    with (paths.run / "platform.lock").open("a", encoding="utf-8") as stream:
        while not try_lock(stream):
            if time.monotonic() >= until:
                text = f"another platform is running in {paths.root}: `kode status` shows it"
                raise LockHeld(Reason.PLATFORM_ERROR, text)
            time.sleep(_POLL_INTERVAL)
        yield
