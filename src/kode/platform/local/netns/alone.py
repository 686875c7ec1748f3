"""A program in a network of its own, and the relay from a Unix socket to its port.

Rule: no port of this machine is opened; only the user's own programs may open the socket. It
lives as long as the program, and ends with its exit code. Standard library only, and one thread.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from kode.platform.local.netns import namespace
from kode.platform.local.netns.network import PID
from kode.platform.local.shim import procfs, socket_proxy

_SIGNALS = 128
_NOT_FOUND = 127
_NOT_ALLOWED = 126
_UPLINK_TIMEOUT = 15.0
_PAUSE = 0.02
_DEFAULT_ROUTE = "00000000"


def main(config: str, command: list[str]) -> int:
    """Run a program, and relay to its port; return its exit code.

    Args:
        config: JSON of an object: `socket`, path of the Unix socket; `port`, in the network;
            `pid`, the file for the program's pid; `uplink`, the command that connects the network
            of the process that stands for PID in it, empty for none; `nameserver`, that it brings.
        command: the program's.
    """
    options = json.loads(config)
    # The program is in our process group, and is asked itself.
    signal.signal(signal.SIGTERM, lambda *_: None)
    pid_file = Path(options["pid"])
    resolver, errors = pid_file.with_suffix(".resolv"), pid_file.with_suffix(".uplink")
    files = (Path(options["socket"]), pid_file, resolver, errors)
    _remove(*files)
    try:
        return _run(options, command, (pid_file, resolver, errors))
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}\n")
        return 1
    finally:
        _remove(*files)


def enter(pid_file: str, command: list[str]) -> int:
    """Become a command beside a program, in its network; return the exit code where that fails."""
    try:
        namespace.enter(int(Path(pid_file).read_text(encoding="ascii")))
    except OSError as error:
        sys.stderr.write(f"cannot enter the program's network: {error.strerror}\n")
        return 1
    try:
        _become(command)
    except FileNotFoundError:
        return _NOT_FOUND
    except OSError:
        return _NOT_ALLOWED


def _become(command: list[str]) -> NoReturn:
    # What Python has set for itself is not the command's.
    for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execvpe(command[0], command, procfs.environment())  # noqa: S606 - no shell, that is what we want


def _run(options: dict[str, Any], command: list[str], files: tuple[Path, Path, Path]) -> int:
    pid_file, resolver, errors = files
    server = socket.socket(socket.AF_UNIX)
    os.umask(0o177)
    server.bind(options["socket"])
    if options["uplink"]:
        resolver.write_text(_resolver(options["nameserver"]), encoding="utf-8")
        resolver.chmod(0o644)
    os.umask(0o022)
    go, gone = socket.socketpair()
    program = _fork(command, str(resolver) if options["uplink"] else "", (go, gone))
    gone.close()
    complaint = go.recv(4096).decode("utf-8", "replace")
    if complaint != "here":
        os.waitpid(program, 0)
        raise OSError(complaint or "the program's network could not be made")
    try:
        if options["uplink"]:
            _connect(options["uplink"], program, errors)
        partial = pid_file.with_suffix(".partial")
        partial.write_text(str(program), encoding="ascii")
        partial.rename(pid_file)
        socket_proxy.enter(program)
    except OSError:
        os.kill(program, signal.SIGKILL)
        os.waitpid(program, 0)
        raise
    go.send(b"go")
    go.close()
    asyncio.run(_live(program, server, int(options["port"])))
    code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    return code if code >= 0 else _SIGNALS - code


def _fork(command: list[str], resolver: str, ends: tuple[socket.socket, socket.socket]) -> int:
    """Return the pid of what becomes the command, once it is told to over the first end."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    go, gone = ends
    try:
        go.close()
        socket_proxy.keep_hold()
        namespace.separate(resolver)
        if os.getppid() != parent:
            os._exit(1)
        gone.send(b"here")
        if gone.recv(2) != b"go":
            os._exit(1)
        gone.close()
        _become(command)
    except OSError as error:
        message = error.strerror or str(error)
        with contextlib.suppress(OSError):
            gone.send(message.encode())
        if gone.fileno() < 0:
            message = f"cannot start {command[0]}: {message}"
            os.write(2, f"{message}\n".encode("utf-8", "replace"))
        os._exit(_NOT_FOUND)


def _resolver(nameserver: str) -> str:
    """Return what names are looked up by: the uplink's server, and what else the machine says."""
    lines = [f"nameserver {nameserver}"]
    with contextlib.suppress(OSError):
        own = Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace").splitlines()
        lines += [line for line in own if not line.lstrip().startswith("nameserver")]
    return "\n".join([*lines, ""])


def _connect(uplink: list[str], program: int, errors: Path) -> None:
    """Start what connects a network to the machine's, and wait until it does.

    Raises:
        OSError: it does not.
    """
    argv = [str(program) if word == PID else word for word in uplink]
    parent = os.getpid()

    def hold() -> None:
        socket_proxy.keep_hold()
        if os.getppid() != parent:
            os._exit(1)

    with errors.open("wb") as file:
        # In a session of its own: a program that is asked to end may need its network until it has.
        running = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
            start_new_session=True,
            preexec_fn=hold,  # noqa: PLW1509 - there is one thread
        )
    until = time.monotonic() + _UPLINK_TIMEOUT
    while running.poll() is None and time.monotonic() < until:
        if _has_route(program):
            return
        time.sleep(_PAUSE)
    message = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    running.kill()
    running.wait()
    name = Path(argv[0]).name
    raise OSError(": ".join([f"{name} does not connect the program's network", *message]))


def _has_route(pid: int) -> bool:
    table = Path(f"/proc/{pid}/net/route").read_text(encoding="ascii").splitlines()[1:]
    return any(line.split()[1] == _DEFAULT_ROUTE for line in table)


async def _live(program: int, server: socket.socket, port: int) -> None:
    """Relay for as long as the program runs."""
    ended = asyncio.Event()
    fd = os.pidfd_open(program)
    asyncio.get_running_loop().add_reader(fd, ended.set)
    serving = asyncio.create_task(socket_proxy.serve(server, port))
    await ended.wait()
    asyncio.get_running_loop().remove_reader(fd)
    os.close(fd)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _remove(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)
