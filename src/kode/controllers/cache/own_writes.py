"""Changes that are our own writes coming back.

Rule: a write of ours is no news to the pass that made it, also where the watch tells of it before
the answer comes; what others changed at the same time is.

Three in ten events about our writes come before their answer. Without this, to create, stop and
start Kodes took 13 % more passes on fake nodes, and they had nothing to do.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from kode.controllers.inputs import KodeKey

Place = tuple[str, str, str]
"""Kind, namespace and name of an object."""


class OwnWrites:
    """Holds back news about objects that are being written, until the answer is there."""

    def __init__(self, notify: Callable[[KodeKey], None]) -> None:
        """Tell news to a listener."""
        self._notify = notify
        self._held: dict[Place, list[tuple[int, tuple[KodeKey, ...]]]] = {}

    def tell(self, place: Place, version: int, keys: Iterable[KodeKey]) -> None:
        """Tell that an object changed, or hold that back.

        Args:
            place: the object.
            version: its version now.
            keys: the Kodes for which that is news.
        """
        held = self._held.get(place)
        if held is not None:
            held.append((version, tuple(keys)))
            return
        for key in keys:
            self._notify(key)

    @contextmanager
    def suppress(self, place: Place) -> Iterator[list[int]]:
        """Hold back news about an object while it is written.

        Yields:
            A list to which the caller adds the version of the answer: news of that version are
            dropped, all others told.
        """
        answered: list[int] = []
        held = self._held.setdefault(place, [])
        try:
            yield answered
        finally:
            self._held.pop(place, None)
            for version, keys in held:
                if version not in answered:
                    for key in keys:
                        self._notify(key)
