"""How well one life of a program answers.

Rule: it says what it saw; the keeper decides.
"""

import time

from kode.platform.local.program import Probe, ProgramPhase
from kode.platform.local.supervisor.probe import trouble
from kode.platform.local.supervisor.timings import Timings


class ProbeState:
    """The answers of one life.

    Attributes:
        message: what was wrong with the last answer; empty where it was fine.
        running_since: seconds of the monotonic clock since which it is fine; None before.
    """

    def __init__(self, health: Probe | None, timings: Timings) -> None:
        self.message = ""
        self.running_since: float | None = None
        self._health = health
        self._timings = timings
        self._missed = 0
        self._began: float | None = None
        self._asked = 0.0

    async def probe(self) -> None:
        """Look once whether a main that runs answers."""
        self._asked = time.monotonic()
        if self._began is None:
            self._began = self._asked
        self.message = await trouble(self._health) if self._health else ""
        if self.message:
            self._missed += 1
            if self.gone and self._health:
                self.message = (
                    f"its socket {self._health.socket} was deleted, for example by a cleaner of "
                    "temporary files; a restart creates it again"
                )
            return
        self._missed = 0
        if self.running_since is None:
            self.running_since = time.monotonic()

    @property
    def phase(self) -> ProgramPhase:
        """How far the answers say that it is."""
        if self.running_since is None:
            return ProgramPhase.STARTING
        return (
            ProgramPhase.UNHEALTHY
            if self._missed >= self._timings.failures
            else ProgramPhase.RUNNING
        )

    @property
    def gone(self) -> bool:
        """Whether it has answered at a socket that is not there any more."""
        socket = self._health.socket if self._health else None
        return socket is not None and self.running_since is not None and not socket.exists()

    @property
    def lost(self) -> bool:
        """Whether it is to be started again, since nobody reaches it any more."""
        renew = self._health is not None and self._health.renew
        return renew and self.phase is ProgramPhase.UNHEALTHY and self.gone

    @property
    def timed_out(self) -> bool:
        """Whether it has taken longer to answer for the first time than it may."""
        if self._health is None or self._began is None or self.running_since is not None:
            return False
        return time.monotonic() - self._began > self._health.startup_timeout

    @property
    def stable(self) -> bool:
        """Whether it has run for so long that an end is not a failed start."""
        since = self.running_since
        return since is not None and time.monotonic() - since >= self._timings.reset_after

    @property
    def pause(self) -> float:
        """Seconds until the next look; one that hangs is looked at no more rarely for it."""
        if self.running_since is None:
            return self._timings.startup_interval
        return max(self._asked + self._timings.interval - time.monotonic(), 0.0)
