"""One install under way: its folders, its environment, its steps.

Rule: everything is written below `work`; what is downloaded stays in the cache, so that an
interrupted install begins again at little cost.
"""

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kode.platform.local.editors import command, uv
from kode.platform.local.editors.catalog import LOCKS
from kode.platform.local.editors.command import CommandFailed
from kode.platform.local.editors.editor import InstallProgress, Tell


@dataclass
class InstallContext:
    """An install under way.

    Attributes:
        work: folder that it is put together in.
        final: folder that `work` becomes in the end.
        cache: folder of downloads.
        environment: the environment of the caller: proxies, certificates, registries.
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

    async def step(self, name: str, action: Callable[["InstallContext"], Awaitable[None]]) -> None:
        """Carry out one step."""
        self.name = name
        self.tell(InstallProgress(name, self.done, self.total))
        await action(self)
        self.done += 1

    async def run(
        self,
        *argv: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        alone: bool = False,
    ) -> str:
        """Run a program of this step.

        Args:
            argv: program and arguments.
            cwd: where it runs; in `work` when left out.
            env: added to the environment, or
            alone: all of it.

        Returns:
            The last lines that it printed.

        Raises:
            CommandFailed: its exit status is not 0.
        """
        return await command.run(
            argv,
            cwd=cwd or self.work,
            env={**({} if alone else self.environment), **(env or {})},
            tell=lambda line: self.tell(InstallProgress(self.name, self.done, self.total, line)),
        )

    async def install(
        self, lock: str, *, target: Path | None = None, python: Path | None = None
    ) -> None:
        """Install what a lock file names, with uv, and nothing else.

        Args:
            lock: file in LOCKS; every line of it has its hashes.
            target: folder to put the packages in; or
            python: the Python of a virtual environment that is to hold exactly them.
        """
        # What is only taken from is not compiled; what starts every day is. Where no Python is
        # named uv looks for one on a PATH that need not have any.
        into = (
            (f"--python={sys.executable}", f"--target={target}")
            if target
            else (f"--python={python}", "--compile-bytecode")
        )
        await self.run(
            str(_program()),
            "pip",
            "sync",
            *uv.FLAGS,
            *into,
            "--no-progress",
            f"--cache-dir={self.cache / 'uv'}",
            str(LOCKS / lock),
            env=uv.environment(self.environment),
            alone=True,
        )


def _program() -> Path:
    """Return uv's program, which comes as a package with the extra `local`."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - an extra
    except ImportError:
        raise CommandFailed("uv", "uv is not installed: pip install 'kode[local]'") from None
    return Path(find_uv_bin())
