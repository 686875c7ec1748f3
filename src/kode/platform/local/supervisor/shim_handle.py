"""A shim that runs: started by us, or found running.

Rule: it is watched and signalled through a pidfd, whoever its parent is.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import kode
from kode.platform.local.shim import procfs
from kode.platform.local.supervisor.instance_dir import Folder

_BEGIN = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from kode.platform.local.shim.shim import main; main(sys.argv[2])"
)
_SOURCES = Path(kode.__file__).parent.parent


class ShimHandle:
    """A shim.

    Attributes:
        pid: its number.
        gone: whether it has ended.
    """

    def __init__(self, pid: int, fd: int, stir: Callable[[], None]) -> None:
        self.pid = pid
        self.gone = False
        self._fd = fd
        self._stir = stir
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(fd, self._end)

    @classmethod
    def start(cls, folder: Folder, instance: str, stir: Callable[[], None]) -> "ShimHandle":
        """Start the shim of what was written to a folder.

        Args:
            folder: of the instance.
            instance: what its environment says.
            stir: called when it ends.

        Raises:
            OSError: it cannot be started.
        """
        # -I and -S: no variable, no site-packages, nothing of a user's setup; and a quick start.
        argv = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BEGIN]
        printed = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        pid = os.posix_spawn(
            sys.executable,
            [*argv, str(_SOURCES), str(folder.path)],
            {procfs.INSTANCE_VARIABLE: instance},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(folder.errors), printed, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
        )
        return cls(pid, os.pidfd_open(pid), stir)

    @classmethod
    def find(cls, folder: Folder, stir: Callable[[], None]) -> "ShimHandle | None":
        """Return the shim that a folder's record tells of; None where it does not run."""
        record = folder.record()
        if record is None or record.boot != procfs.boot():
            return None
        try:
            fd = os.pidfd_open(record.pid)
        except OSError:
            return None
        if procfs.is_alive(record.pid, record.start):
            return cls(record.pid, fd, stir)
        os.close(fd)
        return None

    async def wait(self, seconds: float) -> bool:
        """Wait for its end; return whether it came in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if not self.gone:
            try:
                signal.pidfd_send_signal(self._fd, number)
            except ProcessLookupError:
                return

    def close(self) -> None:
        """Watch it no longer; it goes on."""
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _end(self) -> None:
        self.gone = True
        self.close()
        # What was found running has another parent, or init, that collects it.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        self._ended.set()
        self._stir()
