"""How often a supervisor looks, and how long it waits.

Rule: all times of the supervisor are here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Seconds, and one number.

    Attributes:
        first: before the first start again.
        longest: before any start again; the wait doubles up to it.
        reset_after: of running, after which the wait is the first one again.
        startup_interval: between two looks while a program starts.
        interval: from one look to the next while it runs; more where the answer takes longer.
        failures: answers that must be missing, one after the other, before it is unhealthy.
    """

    first: float = 1.0
    longest: float = 60.0
    reset_after: float = 60.0
    startup_interval: float = 0.03
    interval: float = 3.0
    failures: int = 10

    def wait(self, failed: int) -> float:
        """Return the seconds before the next start, after so many failures in a row."""
        return min(self.longest, self.first * 2.0 ** min(failed - 1, 30))
