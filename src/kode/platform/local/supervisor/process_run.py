"""One life of a program after the other, as its supervisor sees them.

Rule: nothing of an instance runs when its next shim is started, and none of its files are left when
it is over.
"""

import asyncio
import logging
import signal
from dataclasses import dataclass
from pathlib import Path

from kode.platform.local.program import Program
from kode.platform.local.shim import procfs, record
from kode.platform.local.shim.record import Record
from kode.platform.local.shim.shim import CLEANUP_SECONDS
from kode.platform.local.supervisor.instance_dir import Folder
from kode.platform.local.supervisor.kill import kill_instance
from kode.platform.local.supervisor.shim_handle import ShimHandle

_LOG = logging.getLogger(__name__)
_SLACK = 30.0
"""Seconds that a shim may take to end besides the grace and the cleanup."""
_KILLED = 137


@dataclass(frozen=True)
class Outcome:
    """How a life ended.

    Attributes:
        step: name of what ended.
        exit_code: of what ended.
        message: its last lines.
    """

    step: str = ""
    exit_code: int | None = None
    message: str = ""


class ProcessRun:
    """What runs, or has run, of one program.

    Attributes:
        program: the program.
        is_dead: whether it was found dead, with leftovers to clear away.
        restarts: how often it had been started again when it was found.
        wakeup: set whenever something of it ended.
    """

    def __init__(self, run: Path, program: Program) -> None:
        self.program = program
        self.is_dead = False
        self.restarts = 0
        self.wakeup = asyncio.Event()
        self._run = run
        self._shim: ShimHandle | None = None

    @classmethod
    async def find(cls, run: Path, instance: str) -> "ProcessRun | None":
        """Return what an earlier supervisor left of an instance; None where that is nothing."""
        folder = Folder(run / instance)
        program = folder.program()
        if program is None or program.instance != instance:
            if folder.ours:
                await asyncio.to_thread(kill_instance, instance)
                folder.remove()
            return None
        life = cls(run, program)
        life._shim = ShimHandle.find(folder, life.wakeup.set)
        report = folder.record()
        life.restarts = report.restarts if report else 0
        life.is_dead = life._shim is None or folder.only_cleanup
        except_shim = life._shim.pid if life._shim else None
        if except_shim is not None:
            await asyncio.to_thread(kill_instance, instance, except_shim=except_shim)
        return life

    @property
    def runs(self) -> bool:
        """Whether its shim runs."""
        return self._shim is not None and not self._shim.gone

    def report(self) -> Record | None:
        """Return what its shim says; None where it has not said anything yet."""
        report = self._folder.record()
        if report is None or report.boot != procfs.boot():
            return None
        return report

    def begin(self, program: Program) -> None:
        """Be about another program from now on."""
        self.program = program

    async def start(self, restarts: int) -> None:
        """Start it.

        Raises:
            OSError: that failed, or something of it cannot be ended.
        """
        await self._settle()
        self._start(restarts, only_cleanup=False)

    async def stop(self) -> None:
        """Ask it to end, wait, and end it by force where it does not."""
        shim = self._shim
        if shim is None:
            return
        shim.send(signal.SIGTERM)
        shim.send(signal.SIGCONT)
        if not await shim.wait(self.program.grace + CLEANUP_SECONDS + _SLACK):
            shim.send(signal.SIGKILL)
            await shim.wait(_SLACK)

    async def outcome(self) -> Outcome:
        """Return how it ended."""
        report = await self._settle()
        if report is not None and report.phase == record.ENDED:
            return Outcome(report.step, report.exit_code, report.words)
        message = self._folder.complaint() or "it was killed from outside"
        return Outcome(report.step if report else "", _KILLED, message)

    async def clear(self) -> None:
        """Stop it and clear away what it left: processes, what its cleanup knows, our files."""
        await self.stop()
        try:
            await self._settle()
            if self.program.cleanup is not None and self._folder.needs_cleanup:
                shim = self._start(0, only_cleanup=True)
                await shim.wait(CLEANUP_SECONDS + _SLACK)
                await self._settle()
        except OSError:
            # The files stay: the next supervisor tries again.
            _LOG.exception("clearing away what %s left", self.program.key)
            return
        self._folder.remove()

    def close(self) -> None:
        """Watch it no longer."""
        if self._shim is not None:
            self._shim.close()

    @property
    def _folder(self) -> Folder:
        return Folder(self._run / self.program.instance)

    def _start(self, restarts: int, *, only_cleanup: bool) -> ShimHandle:
        folder = self._folder
        folder.write(self.program, restarts=restarts, only_cleanup=only_cleanup)
        self._shim = ShimHandle.start(folder, self.program.instance, self.wakeup.set)
        return self._shim

    async def _settle(self) -> Record | None:
        """Return the last report, once nothing of the instance runs any more.

        Raises:
            OSError: something does.
        """
        report = self.report()
        session = self._shim.pid if self._shim is not None else None
        self._shim = None
        main = None
        if report is not None and report.main_pid is not None and report.main_start is not None:
            main = (report.main_pid, report.main_start)
        instance = self.program.instance
        if not await asyncio.to_thread(kill_instance, instance, main=main, session=session):
            raise OSError("a process of the last start cannot be killed")
        return report
