"""An installed editor, and how it is started.

Rule: a plain frozen value; whoever starts it adds its own flags after argv.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Editor:
    """An editor that can be started.

    Attributes:
        name: code-server or jupyterlab.
        version: its version; empty where nobody has asked it.
        argv: what starts it, before any flag.
        root: folder of the installation; None for a user's own program.
        env: what it needs in its environment.
        notes: what is missing in it, one sentence each.
    """

    name: str
    version: str
    argv: tuple[str, ...]
    root: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class InstallProgress:
    """How far an install is.

    Attributes:
        step: what is being done, for people.
        done: steps that are done.
        total: steps altogether.
        line: the last line that a program printed; empty at the beginning of a step.
    """

    step: str
    done: int
    total: int
    line: str = ""


Tell = Callable[[InstallProgress], None]
"""Whoever wants to know how far an install is."""
