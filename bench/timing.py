"""When each object was asked for and when it was there; and what follows from that."""

import statistics
from collections.abc import Hashable
from dataclasses import dataclass, field
from math import ceil


@dataclass
class Times:
    """Moments on the monotonic clock, by object."""

    asked: dict[Hashable, float] = field(default_factory=dict)
    there: dict[Hashable, float] = field(default_factory=dict)

    def complete(self) -> bool:
        """Tell whether all that was asked for is there."""
        return self.asked.keys() <= self.there.keys()

    def per_second(self) -> float:
        """Return the rate from the first that was asked for to the last that was there."""
        seconds = max(self.there.values()) - min(self.asked.values())
        return len(self.asked) / seconds

    def waits(self) -> list[float]:
        """Return the seconds that each took, shortest first."""
        return sorted(self.there[key] - since for key, since in self.asked.items())

    def median(self) -> float:
        return statistics.median(self.waits())

    def p95(self) -> float:
        waits = self.waits()
        return waits[ceil(0.95 * len(waits)) - 1]
