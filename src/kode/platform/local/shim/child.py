"""Starting one process of a program, tied to the life of its shim.

Rule: it dies when the shim dies, leads a process group of its own, and gets nothing of ours: no
file, no signal setting, no variable.
"""

import contextlib
import ctypes
import errno
import os
import signal

_SET_PDEATHSIG = 1
_SET_NAME = 15
_SET_CHILD_SUBREAPER = 36
_UMASK = 0o022
_UNSTARTED = 127

_prctl = ctypes.CDLL(None, use_errno=True).prctl


class UnstartableError(Exception):
    """A command that could not be started; the text says why."""


def become_subreaper(name: bytes) -> None:
    """Get all orphans below this process as its own children, and a name in `ps`."""
    _prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _prctl(_SET_NAME, name, 0, 0, 0)


def start(argv: list[str], env: dict[str, str], cwd: str, output: int) -> int:
    """Start a command and return its pid.

    Args:
        argv: an absolute path, or a name for the PATH of env, and its arguments.
        env: its whole environment.
        cwd: where it starts.
        output: what it prints to.

    Raises:
        UnstartableError: it could not be started.
    """
    ours = os.getpid()
    tell, message_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _become(argv, env, cwd, output, ours)
        except OSError as error:
            os.write(message_end, _why(error, argv[0], cwd).encode("utf-8", "replace"))
        except ValueError as error:
            os.write(message_end, f"{argv[0]}: {error}".encode("utf-8", "replace"))
        finally:
            os._exit(_UNSTARTED)
    os.close(message_end)
    # Whoever is first of the two: a signal to the group must find it.
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)
    with open(tell, "rb") as file:
        message = file.read()
    if message:
        os.waitpid(pid, 0)
        raise UnstartableError(message.decode())
    return pid


def _become(argv: list[str], env: dict[str, str], cwd: str, output: int, parent: int) -> None:
    """Turn this forked copy of the shim into the command."""
    os.setpgid(0, 0)
    _prctl(_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(_UNSTARTED)
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.umask(_UMASK)
    os.chdir(cwd)
    refused: OSError | None = None
    for path in _candidates(argv[0], env):
        try:
            os.execve(path, argv, env)  # noqa: S606 - no shell, that is what we want
        except (FileNotFoundError, NotADirectoryError) as error:
            if os.path.exists(path):
                error.filename = path
                raise
        except PermissionError as error:
            error.filename = path
            refused = error
    raise refused or FileNotFoundError(errno.ENOENT, "")


def _candidates(name: str, env: dict[str, str]) -> list[str]:
    if "/" in name:
        return [name]
    return [f"{folder or '.'}/{name}" for folder in env.get("PATH", os.defpath).split(":")]


def _why(error: OSError, name: str, cwd: str) -> str:
    """Return in words why a command did not start."""
    if error.filename == cwd:
        return f"cannot start {name} in the folder {cwd}: {error.strerror}"
    if error.filename and isinstance(error, FileNotFoundError):
        return f"cannot start {error.filename}: its interpreter does not exist"
    if isinstance(error, FileNotFoundError):
        return f"program {name} not found" + ("" if "/" in name else " on PATH")
    return f"cannot start {error.filename or name}: {error.strerror}"
