"""A supervisor in a process of its own, to be killed: keeps the web programs of a machine.

    python -m tests.local.supervisor_process FOLDER MARK KEY...

It prints a line for each state that changes.
"""

import asyncio
import sys
from pathlib import Path

from kode.platform.local.paths import Paths
from kode.platform.local.supervisor.supervisor import Supervisor
from tests.local.programs import QUICK, Machine


async def keep(folder: Path, mark: str, keys: list[str]) -> None:
    place = Machine(folder, Paths(folder / "root", folder / "cache"), mark)

    def tell(key: str) -> None:
        state = supervisor.state(key)
        print(key, state.phase if state else "gone", flush=True)

    supervisor = Supervisor(place.paths, tell, QUICK)
    await supervisor.recover()
    for key in keys:
        await supervisor.run(place.web(key))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(keep(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
