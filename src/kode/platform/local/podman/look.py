"""Looking for podman, beside the passes: it is asked once, and again while there is none.

Rule: what is on PATH is not yet what works; only an engine that answers counts.
"""

import asyncio
import contextlib
import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from kode.api.conditions import Reason
from kode.errors import NotReady
from kode.platform.local.podman import engine as engines
from kode.platform.local.podman.engine import OLDEST, Engine
from kode.platform.local.store.entry import Key

_WITHIN = 60.0
_LOOK_AGAIN = 60.0
_RAISE_LIMITS = 24
"""The number of CAP_SYS_RESOURCE."""
_INSTALL = "install it (on Debian: apt-get install podman)"


class Look:
    """What is known of this machine's podman."""

    def __init__(self, again: Callable[[Key], None]) -> None:
        """Know nothing yet.

        Args:
            again: asks for another pass over a Kode.
        """
        self._again = again
        self._found: Engine | None = None
        self._why = ""
        self._asked = 0.0
        self._task: asyncio.Task[None] | None = None
        self._waiting: set[Key] = set()

    def engine(self, key: Key) -> tuple[Engine | None, str]:
        """Return the engine, or None and why there is none.

        Raises:
            NotReady: it is being asked; another pass is asked for when it has answered.
        """
        if self._found:
            return self._found, ""
        if self._why and time.monotonic() - self._asked < _LOOK_AGAIN:
            return None, self._why
        self._waiting.add(key)
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        raise NotReady(Reason.STARTING, "looking for podman")

    def close(self) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()

    async def _look(self) -> None:
        try:
            found = await ask(os.environ)
        except OSError as error:
            found = f"podman cannot be asked: {error}"
        self._found, self._why = (found, "") if isinstance(found, Engine) else (None, found)
        self._asked, self._task = time.monotonic(), None
        loop = asyncio.get_running_loop()
        for key in self._waiting:
            self._again(key)
            if self._why:
                loop.call_later(_LOOK_AGAIN, self._again, key)
        self._waiting.clear()


async def ask(variables: Mapping[str, str]) -> Engine | str:
    """Return the engine that an environment leads to, or in words why there is none.

    Raises:
        OSError: it cannot be started.
    """
    path = shutil.which("podman", path=variables.get("PATH", os.defpath))
    if path is None:
        return f"podman is not installed: {_INSTALL}"
    own = engines.environment(variables)
    code, out, err = await _run([path, "info", "--format", "json"], own)
    if code:
        last = (err.strip().splitlines() or [f"it ended with exit code {code}"])[-1]
        return f"podman does not work here: {last}"
    try:
        said = json.loads(out)
        host, version = said["host"], str(said["version"]["Version"])
        rootless = bool(host["security"]["rootless"])
    except (ValueError, KeyError, TypeError):
        return "podman does not work here: `podman info` says nothing that can be understood"
    if engines.is_too_old(version):
        oldest = ".".join(map(str, OLDEST))
        return f"podman {version} is too old: {oldest} or newer is needed"
    return Engine(
        path=path,
        version=version,
        rootless=rootless,
        limits=engines.limits(host),
        ulimits=_ulimits(rootless=rootless),
        relabels=bool(host["security"].get("selinuxEnabled")),
        python=sys.executable,
        environment=own,
    )


async def _run(argv: list[str], env: Mapping[str, str]) -> tuple[int, str, str]:
    program = await asyncio.create_subprocess_exec(
        *argv,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # What podman leaves behind for a person's later commands is not this platform's.
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_WITHIN):
            out, err = await program.communicate()
    except TimeoutError:
        return 124, "", f"no answer within {_WITHIN:g} s"
    finally:
        if program.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                program.kill()
            await program.wait()
    return program.returncode or 0, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


def _ulimits(*, rootless: bool) -> tuple[str, ...]:
    """Return the limits that root must keep where it may not raise them."""
    if rootless or _may_raise_limits():
        return ()
    hard = {
        "nofile": (resource.getrlimit(resource.RLIMIT_NOFILE)[1], _file("nr_open", "fs")),
        # Podman lowers its own to this one before it starts anything.
        "nproc": (resource.getrlimit(resource.RLIMIT_NPROC)[1], _file("pid_max", "kernel")),
    }
    lowest = {name: min(it for it in both if it > 0) for name, both in hard.items()}
    return tuple(f"{name}={amount}:{amount}" for name, amount in lowest.items())


def _file(name: str, folder: str) -> int:
    return int(Path("/proc/sys", folder, name).read_text(encoding="ascii"))


def _may_raise_limits() -> bool:
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").split("\n"):
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _RAISE_LIMITS & 1)
    return True
