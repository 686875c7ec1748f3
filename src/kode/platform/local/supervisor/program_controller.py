"""Keeping one program running: its starts, its ends, and what is said of both.

Rule: one keeper a key, one task a keeper, so that nothing of it happens twice at a time. A start
comes after a sweep, and an end is one only after a sweep: two mains of an instance never overlap.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kode.platform.local.program import Program, ProgramPhase, State
from kode.platform.local.shim import record
from kode.platform.local.supervisor.probe_state import ProbeState
from kode.platform.local.supervisor.process_run import Outcome, ProcessRun
from kode.platform.local.supervisor.timings import Timings

_LOG = logging.getLogger(__name__)
_MOST_WORDS = 500


class ProgramController:
    """What keeps one program running.

    Attributes:
        state: how far it is.
        key: of the program.
    """

    def __init__(self, life: ProcessRun, pace: Timings, changed: Callable[[str], None]) -> None:
        self.key = life.program.key
        self.state = State(ProgramPhase.STARTING, life.program.digest, time.time())
        self._life = life
        self._pace = pace
        self._changed = changed
        self._wanted: Program | None = life.program
        self._leave = False
        self._failed = 0
        self._restarts = life.restarts
        self._stirred = life.wakeup
        self._gone = asyncio.Event()

    def set_program(self, program: Program) -> None:
        """Run this from now on; nothing happens where it is what runs already."""
        if self._wanted is None or self._wanted.digest != program.digest:
            self._wanted = program
            self._leave = True
            self._stirred.set()

    async def stop(self) -> None:
        """Run nothing any more, and wait until it is gone."""
        self._wanted = None
        self._leave = True
        self._stirred.set()
        await self._gone.wait()

    def gone(self) -> None:
        """Tell those who wait that it is gone."""
        self._gone.set()

    async def run(self) -> None:
        """Keep it running, until it is wanted no longer and gone."""
        while True:
            try:
                if self._leave:
                    await self._end()
                    if self._wanted is None:
                        return
                await self._run_once()
            except Exception as error:  # noqa: BLE001 - a program is not given up for our faults
                _LOG.exception("keeping %s", self.key)
                await self._wait_to_retry(Outcome(words=f"{type(error).__name__}: {error}"))
                if self._leave:
                    await asyncio.sleep(self._pace.first)

    def close(self) -> None:
        """Leave it running, and watch it no longer."""
        self._life.close()

    async def _run_once(self) -> None:
        """Watch one life from its start to its end, and wait for the time of the next."""
        try:
            if not self._life.runs:
                self._tell(ProgramPhase.STARTING, step="")
                await self._life.start(self._restarts)
        except OSError as error:
            await self._wait_to_retry(Outcome(words=f"cannot start it: {error}"))
            return
        pulse = ProbeState(self._life.program.health, self._pace)
        late = await self._watch(pulse)
        if self._leave:
            return
        if late:
            await self._life.stop()
        outcome = await self._life.outcome()
        if late:
            seconds = self._life.program.health.startup_timeout if self._life.program.health else 0
            began = "" if pulse.lost else f"not ready within {seconds:g} s: "
            words = f"{began}{pulse.words}\n{outcome.words}"
            outcome = replace(outcome, words=words.strip()[:_MOST_WORDS])
        if pulse.stable:
            self._failed = 0
        await self._wait_to_retry(outcome)

    async def _watch(self, pulse: ProbeState) -> bool:
        """Watch a life until it ends or is to; return whether that is for being late, or lost."""
        while self._life.runs and not self._leave:
            self._stirred.clear()
            report = self._life.report()
            if report is not None and report.phase == record.MAIN:
                await self._wait_for_wakeup(pulse)
                words = f"the log loses lines: {report.trouble}" if report.trouble else ""
                phase = pulse.phase
                if phase is ProgramPhase.UNHEALTHY:
                    words = pulse.words
                self._tell(phase, step=report.step, pid=report.main_pid, words=words)
            elif report is not None and report.phase in {record.CLEANING, record.STEP}:
                self._tell(ProgramPhase.STARTING, step=report.step)
            if pulse.timed_out or pulse.lost:
                return True
            await self._pause(pulse.pause)
        return False

    async def _wait_for_wakeup(self, pulse: ProbeState) -> None:
        """Look whether it answers, but stop looking when something happens."""
        beat = asyncio.ensure_future(pulse.probe())
        wakeup = asyncio.ensure_future(self._stirred.wait())
        try:
            await asyncio.wait({beat, wakeup}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (beat, wakeup):
                task.cancel()
            await asyncio.gather(beat, wakeup, return_exceptions=True)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            return

    async def _wait_to_retry(self, outcome: Outcome) -> None:
        """Say how it ended, and wait before it is started again."""
        self._failed += 1
        seconds = self._pace.wait(self._failed)
        until = time.monotonic() + seconds
        self._tell(
            ProgramPhase.BACKOFF,
            step=outcome.step,
            exit_code=outcome.exit_code,
            words=outcome.words,
            retry_at=time.time() + seconds,
        )
        while not self._leave and (left := until - time.monotonic()) > 0:
            self._stirred.clear()
            await self._pause(left)
        self._restarts += 1

    async def _end(self) -> None:
        """Stop what runs, take away what it left, and be ready for what is wanted next."""
        self._tell(ProgramPhase.STOPPING, step=self.state.step, pid=self.state.pid)
        await self._life.clear()
        self._leave = False
        self._failed = self._restarts = 0
        # Whoever waits for an end has seen one, though another start may follow.
        self._gone.set()
        self._gone = asyncio.Event()
        if self._wanted is not None:
            self._life.begin(self._wanted)
        else:
            self._tell(ProgramPhase.STOPPED, step=self.state.step, exit_code=self.state.exit_code)

    def _tell(self, phase: ProgramPhase, **rest: Any) -> None:
        """Say how far it is, where that is news."""
        since = self.state.since if self.state.phase is phase else time.time()
        digest = self._life.program.digest
        state = State(phase, digest, since, restarts=self._restarts, **rest)
        if state != self.state:
            self.state = state
            self._changed(self.key)
