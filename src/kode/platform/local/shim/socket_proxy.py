"""What stands between a container and the gateway: from a Unix socket to a port on its loopback.

Rule: the editor listens on nothing but its own loopback, as beside a sidecar, and no port of this
machine is opened; only the user's own programs may open the socket. It lives as long as podman,
and ends with its exit code. Standard library only, and one thread: another one would keep it out of
the container's user namespace.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

_LOOPBACK = ("127.0.0.1", "::1")
"""Some programs take `localhost` for the second alone."""
_PAUSE = 0.05
_PART = 65536
_BACKLOG = 128
_GET_USER_NAMESPACE = 0xB701
_SET_PDEATHSIG = 1
_SET_DUMPABLE = 4
_SIGNALS = 128

_libc = ctypes.CDLL(None, use_errno=True)
_pumps: set["asyncio.Task[None]"] = set()


def main(path: str, port: int, pid_file: str, command: list[str]) -> int:
    """Run podman, and relay to a port of its container; return podman's exit code.

    Args:
        path: of the socket.
        port: in the container.
        pid_file: where podman writes the pid of the container.
        command: podman's.
    """
    # Podman is in our process group, and is asked itself.
    signal.signal(signal.SIGTERM, lambda *_: None)
    left = (Path(path), Path(pid_file), Path(pid_file).with_suffix(".env"))
    for old in left[:2]:
        old.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX)
    os.umask(0o177)
    server.bind(path)
    os.umask(0o022)
    podman = subprocess.Popen(command)
    try:
        asyncio.run(_live(podman, server, port, Path(pid_file)))
    except OSError as error:
        # An editor that nobody reaches is none; what is left of it is for the cleanup.
        podman.kill()
        podman.wait()
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        for old in left:
            old.unlink(missing_ok=True)
    code = podman.wait()
    return code if code >= 0 else _SIGNALS - code


async def _live(
    podman: "subprocess.Popen[bytes]", server: socket.socket, port: int, pid_file: Path
) -> None:
    ended = asyncio.Event()
    fd = os.pidfd_open(podman.pid)
    asyncio.get_running_loop().add_reader(fd, ended.set)
    relay = asyncio.create_task(_relay(server, port, pid_file))
    relay.add_done_callback(lambda _: ended.set())
    await ended.wait()
    asyncio.get_running_loop().remove_reader(fd)
    os.close(fd)
    relay.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await relay


async def _relay(server: socket.socket, port: int, pid_file: Path) -> None:
    while not (pid := _number(pid_file)):  # noqa: ASYNC110 - podman has no other word for it
        await asyncio.sleep(_PAUSE)
    enter(pid)
    await serve(server, port)


async def serve(server: socket.socket, port: int) -> None:
    """Relay from a bound Unix socket to a port on loopback, for ever.

    Raises:
        OSError: it cannot be listened on.
    """

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_proxy(reader, writer, port))
        _pumps.add(task)
        task.add_done_callback(_pumps.discard)

    listener = await asyncio.start_unix_server(take, sock=server, backlog=_BACKLOG)
    async with listener:
        await listener.serve_forever()


def _number(file: Path) -> int:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def enter(pid: int) -> None:
    """Enter the network of a process, and first the users whose network it is.

    Raises:
        OSError: it has ended, or its network may not be entered.
    """
    parent = os.getppid()
    with Path(f"/proc/{pid}/ns/net").open("rb") as network:
        if os.fstat(network.fileno()).st_ino == Path("/proc/self/ns/net").stat().st_ino:
            # Somebody has podman use the machine's own network: there is nothing to enter.
            return
        owner = fcntl.ioctl(network.fileno(), _GET_USER_NAMESPACE)
        own = Path("/proc/self/ns/user").stat()
        if os.fstat(owner).st_ino != own.st_ino:
            _join(owner)
            keep_hold()
            if os.getppid() != parent:
                sys.exit("the shim is gone")
        _join(network.fileno())
        os.close(owner)


def keep_hold() -> None:
    """Die with the parent, and have an environment by which we are found and that can be read.

    Another user namespace takes both away.
    """
    _libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0)
    _libc.prctl(_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _join(namespace: int) -> None:
    if _libc.setns(namespace, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"cannot enter its network: {os.strerror(number)}")


async def _proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    connection = await _connect(port)
    if connection is None:
        writer.transport.abort()
        return
    inner, outer = connection
    try:
        await asyncio.gather(_pump(reader, outer), _pump(inner, writer))
    except OSError:
        # Whoever is left learns of it.
        writer.transport.abort()
        outer.transport.abort()
    finally:
        writer.close()
        outer.close()


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    for address in _LOOPBACK:
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(address, port)
    return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(_PART):
        writer.write(part)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]))
