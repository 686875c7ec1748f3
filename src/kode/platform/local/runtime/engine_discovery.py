"""Looking for podman, beside the passes: it is tried once, and again while there is none.

Rule: what is on PATH is not yet what works, and what says a version is not yet what runs; only an
engine that has run a container counts. It is tried again when it is no longer the same.
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
from dataclasses import replace
from pathlib import Path
from subprocess import SubprocessError

from kode.api.conditions import Reason
from kode.errors import NotReady
from kode.platform.local.runtime import engine as engines
from kode.platform.local.runtime import engine_advice, trial
from kode.platform.local.runtime.engine import MIN_VERSION, Engine, Refusal
from kode.platform.local.store.objects import Key

_TIMEOUT = 60.0
_RETRY_DELAY = 60.0
_RAISE_LIMITS = 24
"""The number of CAP_SYS_RESOURCE."""
_INSTALL = "install it (on Debian: apt-get install podman)"
_INTERCHANGEABLE = ("crun", "runc")
"""OCI runtimes that hold a container in the same way, so that one may stand in for the other.

What isolates better was chosen by somebody, and is never exchanged.
"""
_RUNTIME_FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/sbin", "/bin")
_CONFIGURATION = ("containers/containers.conf", "containers/storage.conf")
_SYSTEM_CONFIGURATION = ("/usr/share", "/etc")


class EngineDiscovery:
    """What is known of this machine's podman."""

    def __init__(self, enqueue: Callable[[Key], None]) -> None:
        """Know nothing yet.

        Args:
            enqueue: has a Kode reconciled once more.
        """
        self._enqueue = enqueue
        self._engine: Engine | None = None
        self._state: object = None
        self._why = ""
        self._asked = 0.0
        self._task: asyncio.Task[None] | None = None
        self._waiting: set[Key] = set()

    def engine(self, key: Key) -> tuple[Engine | None, str]:
        """Return the engine, or None and why there is none.

        Raises:
            NotReady: it is being tried; another pass is asked for when that is known.
        """
        if self._engine and state(self._engine) != self._state:
            self._engine = None
        if self._engine:
            return self._engine, ""
        if self._why and time.monotonic() - self._asked < _RETRY_DELAY:
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
            answer = await ask(os.environ)
        except (OSError, ValueError, SubprocessError) as error:
            answer = Refusal(f"podman cannot be tried: {error}", "`podman info` may say more")
        if isinstance(answer, Engine):
            self._engine, self._state, self._why = answer, state(answer), ""
        else:
            self._engine, self._why = None, str(answer)
        self._asked, self._task = time.monotonic(), None
        loop = asyncio.get_running_loop()
        for key in self._waiting:
            self._enqueue(key)
            if self._why:
                loop.call_later(_RETRY_DELAY, self._enqueue, key)
        self._waiting.clear()


async def ask(variables: Mapping[str, str]) -> Engine | Refusal:
    """Return the engine that an environment leads to, after it has run a container.

    Raises:
        OSError: it cannot be started, or a temporary folder cannot be written.
    """
    answer = await describe(variables)
    return answer if isinstance(answer, Refusal) else await choose_runtime(answer)


async def choose_runtime(engine: Engine) -> Engine | Refusal:
    """Return an engine with an OCI runtime that works here: its own, or one that is as good.

    Raises:
        OSError: a temporary folder cannot be written.
    """
    complaints: dict[str, str] = {}
    for name in ("", *_stand_ins(engine)):
        candidate = replace(engine, runtime=name, why_runtime="; ".join(complaints.values()))
        complaint = await trial.complaint(candidate)
        if not complaint:
            return candidate
        complaints[name or engine.default_runtime] = complaint
    return engine_advice.refusal(engine, complaints)


def state(engine: Engine) -> object:
    """Return what differs once an engine is another one, or is configured in another way."""
    variables = engine.environment
    home = Path(variables.get("HOME") or Path.home())
    own = Path(variables.get("XDG_CONFIG_HOME") or home / ".config")
    folders = [*map(Path, _SYSTEM_CONFIGURATION), own]
    files = [folder / name for folder in folders for name in _CONFIGURATION]
    named = [
        variables[it] for it in ("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF") if it in variables
    ]
    runtimes = [it for it in map(_runtime, _INTERCHANGEABLE) if it]
    return [_version(it) for it in (*files, *map(Path, (engine.path, *named, *runtimes)))]


async def describe(variables: Mapping[str, str]) -> Engine | Refusal:
    """Return the engine that an environment leads to, as it describes itself.

    Raises:
        OSError: it cannot be started.
    """
    path = shutil.which("podman", path=variables.get("PATH", os.defpath))
    if path is None:
        return Refusal("podman is not installed", _INSTALL)
    own = engines.environment(variables)
    code, out, err = await _run([path, "info", "--format", "json"], own)
    if code:
        message = trial.last_error(err) if err.strip() else f"it ended with exit code {code}"
        return Refusal(f"podman does not work here: {message}", engine_advice.next_step([message]))
    try:
        info = json.loads(out)
        host, version = info["host"], str(info["version"]["Version"])
        rootless = bool(host["security"]["rootless"])
        runtime = str((host.get("ociRuntime") or {}).get("name", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        message = "podman does not work here: `podman info` has unexpected output"
        return Refusal(message, engine_advice.next_step([]))
    if engines.is_too_old(version):
        oldest = ".".join(map(str, MIN_VERSION))
        return Refusal(f"podman {version} is too old", f"install {oldest} or newer")
    return Engine(
        path=path,
        version=version,
        rootless=rootless,
        limits=engines.limits(host),
        ulimits=_ulimits(rootless=rootless),
        relabels=bool(host["security"].get("selinuxEnabled")),
        python=sys.executable,
        environment=own,
        default_runtime=runtime,
    )


def _stand_ins(engine: Engine) -> list[str]:
    if engine.default_runtime not in _INTERCHANGEABLE:
        return []
    others = [name for name in _INTERCHANGEABLE if name != engine.default_runtime]
    return [name for name in others if _runtime(name)]


def _runtime(name: str) -> str | None:
    # Podman itself looks in more folders than a user's PATH may have.
    folders = (os.environ.get("PATH", os.defpath), *_RUNTIME_FOLDERS)
    return shutil.which(name, path=os.pathsep.join(folders))


def _version(file: Path) -> tuple[str, int, int, int]:
    try:
        status = file.stat()
    except OSError:
        return (str(file), 0, 0, 0)
    return (str(file), status.st_ino, status.st_mtime_ns, status.st_size)


async def _run(argv: list[str], env: Mapping[str, str]) -> tuple[int, str, str]:
    program = await asyncio.create_subprocess_exec(
        *argv,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # What podman leaves behind for a user's later commands is not this platform's.
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_TIMEOUT):
            out, err = await program.communicate()
    except TimeoutError:
        return 124, "", f"no answer within {_TIMEOUT:g} s"
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
