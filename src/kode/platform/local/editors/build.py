"""One install under way: its folders, its environment, its steps.

Rule: everything is written below `work`; what is downloaded stays in the cache, so that an
interrupted install begins anew at little cost.
"""

import importlib.util
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kode.platform.local.editors import command
from kode.platform.local.editors.catalog import LOCKS
from kode.platform.local.editors.command import CommandFailed
from kode.platform.local.editors.editor import Progress, Tell

_PIP_FLAGS = (
    "--require-hashes",
    "--no-deps",
    "--only-binary=:all:",
    "--no-input",
    "--disable-pip-version-check",
    "--no-warn-script-location",
    "--progress-bar=off",
    "--retries=2",
)
# What a person has set for other installs would put the packages elsewhere or refuse.
_PIP_ENVIRONMENT = {
    "PIP_USER": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_ROOT_USER_ACTION": "ignore",
}


@dataclass
class Build:
    """An install under way.

    Attributes:
        work: folder that it is put together in.
        final: folder that `work` becomes in the end.
        cache: folder of downloads.
        environment: the environment of whoever asked for it: proxies, certificates, registries.
        tell: takes how far it is.
        total: steps altogether.
        done: steps that are done.
        notes: what the editor will lack.
    """

    work: Path
    final: Path
    cache: Path
    environment: Mapping[str, str]
    tell: Tell
    total: int = 0
    done: int = 0
    name: str = ""
    notes: list[str] = field(default_factory=list)

    async def step(self, name: str, action: Callable[["Build"], Awaitable[None]]) -> None:
        """Carry out one step."""
        self.name = name
        self.tell(Progress(name, self.done, self.total))
        await action(self)
        self.done += 1

    async def run(
        self, *argv: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        """Run a program of this step.

        Args:
            argv: program and arguments.
            cwd: where it runs; in `work` when left out.
            env: added to the environment.

        Returns:
            The last lines that it printed.

        Raises:
            CommandFailed: its exit status is not 0.
        """
        return await command.run(
            argv,
            cwd=cwd or self.work,
            env={**self.environment, **(env or {})},
            tell=lambda line: self.tell(Progress(self.name, self.done, self.total, line)),
        )

    async def pip(
        self, lock: str, *, target: Path | None = None, python: Path | None = None
    ) -> None:
        """Install what a lock file names.

        Args:
            lock: file in LOCKS; every line of it has its hashes.
            target: folder to put the packages in; or
            python: the Python of a virtual environment to put them in.
        """
        pip = await self._pip()
        await self.run(
            *pip,
            *(("--python", str(python)) if python else ()),
            "install",
            *_PIP_FLAGS,
            f"--cache-dir={self.cache / 'pip'}",
            f"--requirement={LOCKS / lock}",
            *((f"--target={target}", "--no-compile") if target else ()),
            env=_PIP_ENVIRONMENT,
        )

    async def _pip(self) -> tuple[str, ...]:
        if importlib.util.find_spec("pip"):
            return (sys.executable, "-m", "pip")
        own = self.work / ".pip"
        if not own.exists():
            if not importlib.util.find_spec("ensurepip"):
                raise CommandFailed("pip", "this Python has neither pip nor ensurepip")
            await self.run(sys.executable, "-m", "venv", str(own))
        return (str(own / "bin" / "python"), "-m", "pip")
