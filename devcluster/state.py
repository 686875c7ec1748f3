"""What is remembered about a cluster that is up, in its run directory."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from devcluster.namespaces import Process
from devcluster.paths import RunDir

Mode = Literal["full", "fake"]


@dataclass(frozen=True)
class State:
    """Written before anything is started, and again when the cluster is ready.

    A state that is not ready belongs to a boot that failed or was interrupted.
    """

    mode: Mode
    port: int
    pid: int = 0
    started: int = 0
    ready: bool = False

    @property
    def supervisor(self) -> Process:
        return Process(self.pid, self.started)

    def write(self, run: RunDir) -> None:
        scratch = run.state.with_suffix(".new")
        scratch.write_text(json.dumps(asdict(self)))
        scratch.rename(run.state)


def read(run: RunDir) -> State | None:
    if not run.state.is_file():
        return None
    return State(**json.loads(run.state.read_text()))
