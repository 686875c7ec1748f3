"""The nouns of what runs on this machine.

Rule: plain frozen values; the same Program has the same digest, and only that decides whether what
runs is what is wanted.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from kode import names


@dataclass(frozen=True)
class Command:
    """One process.

    Attributes:
        name: what people call it: `editor`, `plugin-tools`, `dotfiles`.
        argv: an absolute path, or a name for the PATH of env, and its arguments.
        env: its whole environment; nothing is inherited.
        cwd: where it starts; it must exist.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path


@dataclass(frozen=True)
class Probe:
    """How a program shows that it lives: by what it answers to GET on one of the two.

    Attributes:
        path: path of the request.
        socket: a Unix socket.
        port: a TCP port on loopback.
        startup_timeout: seconds that a start may take before it counts as a failure.
        unhealthy_from_status: the first status that shows no life; 401 shows it always.
        renew: whether it is started again where its socket is gone; not where somebody works in it.
    """

    path: str
    socket: Path | None = None
    port: int | None = None
    startup_timeout: float = 120.0
    unhealthy_from_status: int = 400
    renew: bool = False


@dataclass(frozen=True)
class Program:
    """What is to run for one Kode, or for the gateway.

    Attributes:
        key: what people call it: `team-a/dev`, `door`.
        instance: safe as a file name and unique on this machine; all its processes carry it in
            their environment as KODE_INSTANCE.
        main: what is to run for ever.
        log: file that everything it prints goes to; rotated.
        steps: what runs before, one after the other, each to its end.
        cleanup: what runs before a start and after an end, whatever that end was; None for
            nothing (a container engine's leftovers, for example).
        health: how main shows that it lives; None where running is enough.
        grace: seconds between asking to end and ending by force.
        mark: another one makes another program of the same words, so that it is run again.
        meant: digest of what it follows from, which then counts in the place of its words: those
            may hold what the machine's shell happens to say, and that is nobody's edit.
    """

    key: str
    instance: str
    main: Command
    log: Path
    steps: tuple[Command, ...] = ()
    cleanup: Command | None = None
    health: Probe | None = None
    grace: float = 10.0
    mark: str = ""
    meant: str = ""

    @property
    def digest(self) -> str:
        """The same for the same program, in hex."""
        whole = {"meant": self.meant, "mark": self.mark} if self.meant else asdict(self)
        text = json.dumps(whole, sort_keys=True, default=str)
        return names.hash_text(text)


class ProgramPhase(StrEnum):
    """How far a program is."""

    STARTING = "starting"
    """A step runs, or main runs and has not answered yet."""
    RUNNING = "running"
    """It answers."""
    UNHEALTHY = "unhealthy"
    """It runs, has answered before, and does not any more."""
    BACKOFF = "waiting"
    """It ended, and is started again in a while."""
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True)
class State:
    """What a supervisor knows of a program.

    Attributes:
        phase: how far it is.
        digest: of the program that this is about.
        since: seconds since the epoch at which the phase began.
        pid: of main; None where it does not run.
        step: name of the step or main that runs, or ended last.
        restarts: how often it was started again since it was wanted.
        exit_code: of what ended last; 128 and the signal's number for a signal.
        message: the last lines that it printed, where it ended badly.
        retry_at: seconds since the epoch of the next start, while waiting.
    """

    phase: ProgramPhase
    digest: str
    since: float
    pid: int | None = None
    step: str = ""
    restarts: int = 0
    exit_code: int | None = None
    message: str = ""
    retry_at: float | None = None
