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
_MAX_CHARACTERS = 500


class ProgramController:
    """What keeps one program running.

    Attributes:
        state: how far it is.
        key: of the program.
    """

    def __init__(
        self, process_run: ProcessRun, timings: Timings, on_change: Callable[[str], None]
    ) -> None:
        self.key = process_run.program.key
        self.state = State(ProgramPhase.STARTING, process_run.program.digest, time.time())
        self._process_run = process_run
        self._timings = timings
        self._on_change = on_change
        self._desired: Program | None = process_run.program
        self._stopped: asyncio.Event | None = None
        self._failed = 0
        self._restarts = process_run.restarts
        self._wakeup = process_run.wakeup

    def set_program(self, program: Program) -> None:
        """Run this from now on; nothing happens where it is what runs already."""
        if self._desired is None or self._desired.digest != program.digest:
            self._desired = program
            self._wakeup.set()

    async def stop(self) -> None:
        """Run nothing any more, and wait until it is gone."""
        self._desired = None
        stopped = self._stopped = self._stopped or asyncio.Event()
        self._wakeup.set()
        await stopped.wait()

    async def run(self) -> None:
        """Keep it running, until it is wanted no longer and gone."""
        while self._desired is not None or self._stopped is not None:
            try:
                await (self._end() if self._is_to_end else self._run_once())
            except Exception as error:  # noqa: BLE001 - a program is not given up for our faults
                _LOG.exception("keeping %s", self.key)
                await self._wait_to_retry(Outcome(message=f"{type(error).__name__}: {error}"))
                if self._is_to_end:
                    await asyncio.sleep(self._timings.first)

    def close(self) -> None:
        """Leave it running, and watch it no longer."""
        self._process_run.close()

    @property
    def _is_to_end(self) -> bool:
        """Whether what runs is not what is desired, or somebody waits for its end."""
        if self._desired is None or self._stopped is not None:
            return True
        return self._desired.digest != self._process_run.program.digest

    async def _run_once(self) -> None:
        """Watch one life from its start to its end, and wait for the time of the next."""
        try:
            if not self._process_run.runs:
                self._tell(ProgramPhase.STARTING, step="")
                await self._process_run.start(self._restarts)
        except OSError as error:
            await self._wait_to_retry(Outcome(message=f"cannot start it: {error}"))
            return
        probe_state = ProbeState(self._process_run.program.health, self._timings)
        late = await self._watch(probe_state)
        if self._is_to_end:
            return
        if late:
            await self._process_run.stop()
        outcome = await self._process_run.outcome()
        if late:
            seconds = (
                self._process_run.program.health.startup_timeout
                if self._process_run.program.health
                else 0
            )
            began = "" if probe_state.lost else f"not ready within {seconds:g} s: "
            message = f"{began}{probe_state.message}\n{outcome.message}"
            outcome = replace(outcome, message=message.strip()[:_MAX_CHARACTERS])
        if probe_state.stable:
            self._failed = 0
        await self._wait_to_retry(outcome)

    async def _watch(self, probe_state: ProbeState) -> bool:
        """Watch a life until it ends or is to; return whether that is for being late, or lost."""
        while self._process_run.runs and not self._is_to_end:
            self._wakeup.clear()
            report = self._process_run.report()
            if report is not None and report.phase == record.MAIN:
                await self._wait_for_wakeup(probe_state)
                message = f"the log loses lines: {report.trouble}" if report.trouble else ""
                phase = probe_state.phase
                if phase is ProgramPhase.UNHEALTHY:
                    message = probe_state.message
                self._tell(phase, step=report.step, pid=report.main_pid, message=message)
            elif report is not None and report.phase in {record.CLEANING, record.STEP}:
                self._tell(ProgramPhase.STARTING, step=report.step)
            if probe_state.timed_out or probe_state.lost:
                return True
            await self._pause(probe_state.pause)
        return False

    async def _wait_for_wakeup(self, probe_state: ProbeState) -> None:
        """Look whether it answers, but stop looking when something happens."""
        beat = asyncio.ensure_future(probe_state.probe())
        wakeup = asyncio.ensure_future(self._wakeup.wait())
        try:
            await asyncio.wait({beat, wakeup}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (beat, wakeup):
                task.cancel()
            await asyncio.gather(beat, wakeup, return_exceptions=True)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wakeup.wait()
        except TimeoutError:
            return

    async def _wait_to_retry(self, outcome: Outcome) -> None:
        """Say how it ended, and wait before it is started again."""
        self._failed += 1
        seconds = self._timings.wait(self._failed)
        until = time.monotonic() + seconds
        self._tell(
            ProgramPhase.BACKOFF,
            step=outcome.step,
            exit_code=outcome.exit_code,
            message=outcome.message,
            retry_at=time.time() + seconds,
        )
        while not self._is_to_end and (left := until - time.monotonic()) > 0:
            self._wakeup.clear()
            await self._pause(left)
        self._restarts += 1

    async def _end(self) -> None:
        """Stop what runs, take away what it left, and be ready for what is wanted next."""
        self._tell(ProgramPhase.STOPPING, step=self.state.step, pid=self.state.pid)
        await self._process_run.clear()
        self._failed = self._restarts = 0
        if self._stopped is not None:
            # Whoever waits for an end has seen one, though another start may follow.
            self._stopped.set()
            self._stopped = None
        if self._desired is not None:
            self._process_run.begin(self._desired)
        else:
            self._tell(ProgramPhase.STOPPED, step=self.state.step, exit_code=self.state.exit_code)

    def _tell(self, phase: ProgramPhase, **rest: Any) -> None:
        """Say how far it is, where that is news."""
        since = self.state.since if self.state.phase is phase else time.time()
        digest = self._process_run.program.digest
        state = State(phase, digest, since, restarts=self._restarts, **rest)
        if state != self.state:
            self.state = state
            self._on_change(self.key)
