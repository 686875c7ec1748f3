"""Trying podman: one container, started and reached as an editor's is.

Rule: no image and no network is needed, since what runs in it is this machine's own Python, and
nothing is left of it, whatever comes of it.
"""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kode.platform.local.runtime import tenant, volume_files
from kode.platform.local.runtime.container import bind, run
from kode.platform.local.runtime.engine import Engine
from kode.platform.local.shim import procfs

_RELAY = Path(__file__).parents[1] / "shim" / "socket_proxy.py"
_TIMEOUT = 20.0
"""Seconds; a container takes less than one."""
_CLEANUP_TIMEOUT = 10.0
_POLL_INTERVAL = 0.05
_HOME = "/home/kode"
_PERSON = 1000
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/libx32")
_EMPTY = ("dev", "etc", "proc", "run", "sys", "tmp", _HOME.lstrip("/"))
# A Python tells itself what it is made of: where it was installed, and what it has loaded.
_NEEDS = """
import json, os, pathlib, socket, sys
lines = open("/proc/self/maps").read().splitlines()
files = sorted({line.split(None, 5)[5] for line in lines if line.count("/")})
libraries = [os.path.dirname(file) for file in files if file.startswith("/")]
print(json.dumps([[sys.base_prefix, sys.base_exec_prefix], libraries]))
"""


@dataclass(frozen=True)
class Interpreter:
    """The Python that is run in the container.

    Attributes:
        program: its file.
        folders: that it needs, beside those of the system.
        libraries: folders of the libraries that it loads.
    """

    program: str
    folders: tuple[str, ...]
    libraries: tuple[str, ...]


async def complaint(engine: Engine) -> str:
    """Start a container, reach it as an editor is reached, and remove it.

    Returns:
        Why that failed, in podman's words where it has some; empty where it did not.

    Raises:
        OSError: a temporary folder cannot be written.
        subprocess.SubprocessError: this machine's own Python does not run.
    """
    place = Path(tempfile.mkdtemp(prefix="kode-podman-"))
    try:
        python = await asyncio.to_thread(_interpreter, engine.python)
        return await _attempt(engine, place, python)
    finally:
        await asyncio.to_thread(volume_files.remove, place)


async def _attempt(engine: Engine, place: Path, python: Interpreter) -> str:
    name = f"kode-trial-{secrets.token_hex(6)}"
    argv = _with_proxy(engine, _argv(engine, name, place, python), place)
    code, answered, printed = 1, False, ""
    try:
        program = await _start(argv, engine.environment, place)
        ending = asyncio.create_task(program.communicate())
        try:
            async with asyncio.timeout(_TIMEOUT):
                answered = await _is_answered(place, ending)
                out, _ = await asyncio.shield(ending)
            code, printed = program.returncode or 0, out.decode("utf-8", "replace")
        except TimeoutError:
            printed = f"no container answers within {_TIMEOUT:g} s"
        finally:
            await _end(program, ending)
    finally:
        if code:
            await _remove(engine, name)
    return "" if answered and not code else last_error(printed)


def last_error(printed: str) -> str:
    """Return what podman, or what it started, printed last about a failure."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error:")]
    return (errors or lines or ["it exited without a message"])[-1].removeprefix("Error:").strip()


def _with_proxy(engine: Engine, argv: tuple[str, ...], place: Path) -> tuple[str, ...]:
    """Return the words that run podman behind the relay that stands before an editor."""
    podman, verb, *rest = argv
    port, pid_file = str(_free_port()), str(place / "pid")
    # A name without a folder: the path of a temporary folder may be too long for a socket's.
    relay = (engine.python, "-I", "-S", "-X", "utf8", str(_RELAY), "socket", port, pid_file)
    return (*relay, podman, verb, f"--pidfile={pid_file}", *rest, port, f"{_HOME}/file")


def _argv(engine: Engine, name: str, place: Path, python: Interpreter) -> tuple[str, ...]:
    root, home = place / "root", place / "home"
    home.mkdir()
    for folder in (*_EMPTY, *(folder.lstrip("/") for folder in python.folders)):
        (root / folder).mkdir(parents=True, exist_ok=True)
    mounts = [bind(home, _HOME), *(bind(it, it, "ro") for it in python.folders)]
    for path in _SYSTEM:
        source = Path(path)
        target = root / source.name
        if source.is_symlink():
            target.symlink_to(source.readlink())
        elif source.is_dir():
            target.mkdir(exist_ok=True)
            mounts.append(bind(source, path, "ro"))
    # The user is themselves there, as in their Kodes, and so may read and remove what it writes.
    user = f"--userns=keep-id:uid={_PERSON},gid={_PERSON}" if engine.rootless else "--user=0:0"
    # Folders of this machine must not be given a label for the sake of a trial.
    label = ["--security-opt=label=disable"] if engine.relabels else []
    library_path = f"--env=LD_LIBRARY_PATH={os.pathsep.join(python.libraries)}"
    code = Path(tenant.__file__).read_text(encoding="utf-8")
    program = (python.program, "-I", "-S", "-c", code)
    options = (*mounts, user, *label, library_path, "--workdir=/")
    return (*run(engine, name), *options, "--rootfs", str(root), *program)


def _interpreter(python: str) -> Interpreter:
    program = str(Path(python).resolve())
    out = subprocess.check_output([program, "-I", "-S", "-c", _NEEDS], stdin=subprocess.DEVNULL)
    prefixes, libraries = json.loads(out)
    wanted = [str(Path(it).resolve()) for it in (*prefixes, *libraries, str(Path(program).parent))]
    return Interpreter(program, tuple(_outermost(wanted)), tuple(dict.fromkeys(libraries)))


def _outermost(wanted: Iterable[str]) -> Iterator[str]:
    """Return folders without those that are in another one, or in the system's."""
    kept = [Path(folder).resolve() for folder in _SYSTEM]
    for folder in map(Path, sorted(set(wanted))):
        if folder != Path("/") and not any(folder.is_relative_to(each) for each in kept):
            kept.append(folder)
            yield str(folder)


async def _start(
    argv: Iterable[str], environment: Mapping[str, str], cwd: Path
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *argv,
        env=dict(environment),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


async def _is_answered(place: Path, ending: "asyncio.Task[tuple[bytes, bytes]]") -> bool:
    folder = os.open(place, os.O_PATH | os.O_DIRECTORY)
    try:
        while not ending.done():
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_unix_connection(
                    f"/proc/self/fd/{folder}/socket"
                )
                try:
                    if await reader.read() == tenant.ANSWER:
                        return True
                finally:
                    writer.close()
            await asyncio.wait([ending], timeout=_POLL_INTERVAL)
    finally:
        os.close(folder)
    return False


async def _end(
    program: asyncio.subprocess.Process, ending: "asyncio.Task[tuple[bytes, bytes]]"
) -> None:
    if program.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
    ending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ending
    await program.wait()


async def _remove(engine: Engine, name: str) -> None:
    argv = (engine.path, "rm", "--force", "--ignore", "--time=0", name)
    program = await _start(argv, engine.environment, Path("/"))
    ending = asyncio.create_task(program.communicate())
    try:
        await asyncio.wait([ending], timeout=_CLEANUP_TIMEOUT)
    finally:
        await _end(program, ending)
        await asyncio.to_thread(_sweep, name)


def _sweep(name: str) -> None:
    """End what still runs for a container: an OCI runtime that hangs is nothing podman ends."""
    processes = procfs.rows()
    for process in processes:
        if name.encode() in _command_line(process.pid):
            for each in (*procfs.descendants(process.pid, processes), process):
                handle = procfs.kill(each)
                if handle is not None:
                    os.close(handle)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _free_port() -> int:
    # Somebody may have podman use the machine's own network.
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port
