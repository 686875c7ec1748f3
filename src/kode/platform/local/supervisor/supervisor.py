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
        self, paths: Paths, on_change: Callable[[str], None], timings: Timings = _AT_ONCE
    ) -> None:
        """Keep nothing yet.

        Args:
            paths: where records and logs are.
            on_change: called with the key of a program whose state changed, in the event loop.
            timings: how often to look, and how long to wait.
        """
        self._run = paths.run
        self._on_change = on_change
        self._timings = timings
        self._controllers: dict[str, ProgramController] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def recover(self) -> None:
        """Keep what an earlier supervisor left running, and clear away what it left dead.

        What runs counts as wanted until `stop`; `keys` tells what that is.
        """
        try:
            names = sorted(each.name for each in self._run.iterdir() if each.is_dir())
        except FileNotFoundError:
            return
        runs = await asyncio.gather(*(ProcessRun.find(self._run, name) for name in names))
        lives = [life for life in runs if life is not None]
        for life in lives:
            if not life.is_dead:
                self._control(ProgramController(life, self._timings, self._on_change))
        await asyncio.gather(*(life.clear() for life in lives if life.is_dead))

    async def run(self, program: Program) -> None:
        """Run a program, or run it again where it differs from what runs; returns at once."""
        controller = self._controllers.get(program.key)
        if controller is not None:
            controller.set_program(program)
            return
        self._control(
            ProgramController(ProcessRun(self._run, program), self._timings, self._on_change)
        )
        self._on_change(program.key)

    async def stop(self, key: str) -> None:
        """Stop a program, and wait until nothing of it is left."""
        controller = self._controllers.get(key)
        if controller is not None:
            await controller.stop()

    def state(self, key: str) -> State | None:
        """Return how far a program is; None for one that is not kept."""
        controller = self._controllers.get(key)
        return controller.state if controller else None

    def keys(self) -> tuple[str, ...]:
        """Return the keys of all that is kept, whether wanted or about to be gone."""
        return tuple(sorted(self._controllers))

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
        for controller in self._controllers.values():
            controller.close()
        self._controllers.clear()
        self._tasks.clear()

    def _control(self, controller: ProgramController) -> asyncio.Task[None]:
        task = asyncio.create_task(self._until_gone(controller), name=f"keep {controller.key}")
        self._controllers[controller.key] = controller
        self._tasks[controller.key] = task
        return task

    async def _until_gone(self, controller: ProgramController) -> None:
        await controller.run()
        del self._controllers[controller.key], self._tasks[controller.key]
        self._on_change(controller.key)
