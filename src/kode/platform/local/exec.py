"""Running a command where a Kode runs: with its environment, in its folder.

Rule: it gets what the editor was started with and nothing else, but for what tells a program about
the user's terminal. It carries the Kode's mark, so that nothing of it outlives the Kode, and is
on a leash, so that nothing of it outlives a tool that was ended.
"""

import asyncio
import contextlib
import json
import os
import pwd
import shlex
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import kode
from kode.api.conditions import Reason
from kode.errors import NotReady, PlatformError
from kode.platform.local.shim import exec_runner, procfs
from kode.platform.local.shim.record import MAIN, Record
from kode.platform.port import ExecOptions

_TERMINAL = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE")
_BEST_SHELL = 'exec "$(command -v bash || echo sh)" -l'
_NOT_FOUND = 127
_NOT_ALLOWED = 126
_SIGNALS = 128
_GRACE = 3 * exec_runner.GRACE
"""Seconds that the leash may take to end what it holds."""
_BEGIN = (
    "import sys; sys.path.append(sys.argv[1]); from kode.platform.local.shim.exec_runner "
    "import main; "
    "sys.exit(main(int(sys.argv[2]), sys.argv[3:]))"
)
_SOURCES = str(Path(kode.__file__).parent.parent)
_LEASH = (sys.executable, "-I", "-S", "-X", "utf8", "-c", _BEGIN, _SOURCES)


@dataclass(frozen=True)
class ExecContext:
    """What a Kode's editor was started with.

    Attributes:
        env: its environment.
        cwd: its folder.
        enter: the call of podman that a command is put behind; empty where it can be run as it is.
        within: what a command is put behind that is to run in the editor's own network.
        bin: folder of the Kode's own commands, first on its PATH; empty where it has none.
    """

    env: Mapping[str, str] = field(repr=False)
    cwd: Path
    enter: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    bin: str = field(default="", repr=False)

    def argv(self, command: ExecOptions, variables: Mapping[str, str]) -> list[str]:
        """Return the words that run a command there."""
        if not self.enter:
            return [*self.within, *(command.argv or self._login(variables))]
        podman, verb, *rest = self.enter
        terminal = [f"--env={key}" for key in _TERMINAL[:2] if key in variables]
        mark = [f"--env={key}" for key in (exec_runner.MARK,) if key in variables]
        options = [*(["--tty", *terminal] if command.terminal else []), *mark]
        return [podman, verb, *options, *rest, *(command.argv or ("sh", "-c", _BEST_SHELL))]

    def _login(self, variables: Mapping[str, str]) -> list[str]:
        """Return the words of a user's shell, after what a login brings."""
        shell = _shell(variables)
        if not self.bin:
            return [shell, "-l"]
        # The machine's profile begins with a PATH of its own. Any shell understands this.
        path = (
            f"""{shlex.quote(f"PATH={self.bin}:")}"$PATH"{shlex.quote(f":{variables['PATH']}")}"""
        )
        return [shell, "-l", "-c", f"exec env {path} {shlex.quote(shell)}"]


def load_context(run: Path, instance: str, what: str) -> ExecContext:
    """Return what a Kode's editor was started with.

    Args:
        run: the folder of what runs.
        instance: the Kode's.
        what: the Kode, for people.

    Raises:
        NotReady: it does not run.
    """
    folder = run / instance
    record = Record.load(str(folder))
    lives = (
        record is not None and record.phase == MAIN and procfs.is_alive(record.pid, record.start)
    )
    try:
        content = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
        env = {**content["env"], procfs.INSTANCE_VARIABLE: instance}
        enter, within = (tuple(content.get(name) or ()) for name in ("enter", "within"))
        commands = str(content.get("bin") or "")
        context = ExecContext(env, Path(content["cwd"]), enter, within, commands)
    except (OSError, ValueError, KeyError, TypeError):
        lives = False
    if not lives:
        name = what.rpartition("/")[2].rpartition(" ")[2]
        raise NotReady(
            Reason.STARTING,
            f"{what} is not running: `kode status` shows whether the platform is, "
            f"`kode describe {name}` why the Kode is not",
        )
    return context


async def run(context: ExecContext, command: ExecOptions) -> int:
    """Run a command with this process's input and output.

    Args:
        context: where.
        command: what.

    Returns:
        Its exit code; 128 and the signal's number where a signal ended it; 127 where there is no
        such program, 126 where it may not be run.
    """
    env = {**context.env, exec_runner.MARK: uuid.uuid4().hex}
    if command.terminal:
        env |= {key: os.environ[key] for key in _TERMINAL if key in os.environ and key not in env}
    argv = context.argv(command, env)
    with _leave_signals(terminal=command.terminal):
        try:
            # The path is searched as the editor would, not as this process does.
            program = _find_program(argv[0], env, context.cwd)
            child = await asyncio.create_subprocess_exec(
                *_LEASH, str(os.getpid()), program, *argv[1:], env=env, cwd=context.cwd
            )
        except FileNotFoundError:
            if not context.cwd.is_dir():
                text = f"its folder {context.cwd} is not there"
                raise PlatformError(Reason.PLATFORM_ERROR, text) from None
            return _NOT_FOUND
        except OSError:
            return _NOT_ALLOWED
        return await _wait_until_exited(child)


async def _wait_until_exited(child: asyncio.subprocess.Process) -> int:
    """Wait for the end of the command, or bring it about where this process is to end."""
    asked: list[int] = []

    def end(number: int) -> None:
        asked.append(number)
        with contextlib.suppress(ProcessLookupError):
            child.terminate()

    with _on_termination(end):
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await _end(child)
            raise
    if asked:
        return _SIGNALS + asked[0]
    return code if code >= 0 else _SIGNALS - code


@contextmanager
def _on_termination(end: Callable[[int], None]) -> Iterator[None]:
    """Have it called when this process is asked to end, by a signal that can be caught."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    numbers = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        # Whoever is run by nohup goes on.
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    for number in numbers:
        loop.add_signal_handler(number, end, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _find_program(program: str, env: Mapping[str, str], cwd: Path) -> str:
    if "/" in program:
        return str(cwd / program)
    for folder in env.get("PATH", os.defpath).split(os.pathsep):
        path = cwd / folder / program
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise FileNotFoundError(program)


def _shell(env: Mapping[str, str]) -> str:
    shell = env.get("SHELL")
    if not shell:
        try:
            shell = pwd.getpwuid(os.getuid()).pw_shell
        except KeyError:
            shell = ""
    return shell if shell and os.access(shell, os.X_OK) else "/bin/sh"


async def _end(child: asyncio.subprocess.Process) -> None:
    try:
        child.terminate()
        await asyncio.wait_for(child.wait(), _GRACE)
    except ProcessLookupError:
        return
    except TimeoutError:
        child.kill()
        await child.wait()


@contextmanager
def _leave_signals(*, terminal: bool) -> Iterator[None]:
    """Leave Ctrl-C and the like, which the terminal sends to both of us, to the command."""
    if not terminal or threading.current_thread() is not threading.main_thread():
        yield
        return

    # Not SIG_IGN, which the command would inherit.
    def pass_over(number: int, frame: FrameType | None) -> None:
        del number, frame

    numbers = (signal.SIGINT, signal.SIGQUIT)
    before = {number: signal.signal(number, pass_over) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
