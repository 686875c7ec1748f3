"""Locks between commands: one at a time works on the same thing."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from devcluster.paths import Store


@contextmanager
def hold(store: Store, name: str, busy: str = "") -> Iterator[None]:
    """Hold the lock of a name; where somebody else holds it now, say so and wait."""
    path = store.lock(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if busy:
                print(busy, file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
