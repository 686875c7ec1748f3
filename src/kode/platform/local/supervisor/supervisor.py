"""The supervisor: what is wanted runs, and nothing else of ours does.

Rule: programs outlive it. Killed at any point, its successor finds by their records what runs, and
goes on as if nothing had been; nothing starts twice, and nothing is left behind.
"""

import asyncio
from collections.abc import Callable

from kode.platform.local.paths import Paths
from kode.platform.local.program import Program, State
from kode.platform.local.supervisor.process_run import ProcessRun
from kode.platform.local.supervisor.program_controller import ProgramController
from kode.platform.local.supervisor.timings import Timings

_AT_ONCE = Timings()


class Supervisor:
    """Keeps programs running.

    There is one for the folders of a platform at a time; that is for its owner to see to.
    """

    def __init__(
        self, paths: Paths, changed: Callable[[str], None], pace: Timings = _AT_ONCE
    ) -> None:
        """Keep nothing yet.

        Args:
            paths: where records and logs are.
            changed: called with the key of a program whose state changed, in the event loop.
            pace: how often to look, and how long to wait.
        """
        self._run = paths.run
        self._changed = changed
        self._pace = pace
        self._keepers: dict[str, ProgramController] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def recover(self) -> None:
        """Keep what an earlier supervisor left running, and clear away what it left dead.

        What runs counts as wanted until `stop`; `keys` tells what that is.
        """
        try:
            names = sorted(each.name for each in self._run.iterdir() if each.is_dir())
        except FileNotFoundError:
            return
        found = await asyncio.gather(*(ProcessRun.find(self._run, name) for name in names))
        lives = [life for life in found if life is not None]
        for life in lives:
            if not life.is_dead:
                self._keep(ProgramController(life, self._pace, self._changed))
        await asyncio.gather(*(life.clear() for life in lives if life.is_dead))

    async def run(self, program: Program) -> None:
        """Run a program, or run it anew where it differs from what runs; returns at once."""
        keeper = self._keepers.get(program.key)
        if keeper is not None:
            keeper.set_program(program)
            return
        self._keep(ProgramController(ProcessRun(self._run, program), self._pace, self._changed))
        self._changed(program.key)

    async def stop(self, key: str) -> None:
        """Stop a program, and wait until nothing of it is left."""
        keeper = self._keepers.get(key)
        if keeper is not None:
            await keeper.stop()

    def state(self, key: str) -> State | None:
        """Return how far a program is; None for one that is not kept."""
        keeper = self._keepers.get(key)
        return keeper.state if keeper else None

    def keys(self) -> tuple[str, ...]:
        """Return the keys of all that is kept, whether wanted or about to be gone."""
        return tuple(sorted(self._keepers))

    async def close(self, *, leave_running: bool) -> None:
        """Keep nothing any more.

        Args:
            leave_running: whether programs go on, for a successor to adopt; else they are stopped.
        """
        if not leave_running:
            await asyncio.gather(*(self.stop(key) for key in self.keys()))
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for keeper in self._keepers.values():
            keeper.close()
        self._keepers.clear()
        self._tasks.clear()

    def _keep(self, keeper: ProgramController) -> asyncio.Task[None]:
        task = asyncio.create_task(self._until_gone(keeper), name=f"keep {keeper.key}")
        self._keepers[keeper.key] = keeper
        self._tasks[keeper.key] = task
        return task

    async def _until_gone(self, keeper: ProgramController) -> None:
        await keeper.run()
        del self._keepers[keeper.key], self._tasks[keeper.key]
        keeper.gone()
        self._changed(keeper.key)
