"""Running the programs that an install consists of.

Rule: nothing outlives the install: a program runs on a leash, and a cancelled install ends it.
"""

import asyncio
import contextlib
import os
import re
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path

_LEASH = Path(__file__).with_name("die_with_parent.py")
_LAST = 40
_MAX_LINE = 1 << 20
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


class CommandFailed(Exception):
    """A program of an install failed.

    Attributes:
        program: its name.
        output: the last lines that it printed.
    """

    def __init__(self, program: str, output: str) -> None:
        super().__init__(f"{program} failed: {output}")
        self.program = program
        self.output = output


async def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    tell: Callable[[str], None] = lambda _: None,
) -> str:
    """Run a program to its end.

    Args:
        argv: program and arguments.
        cwd: where it runs.
        env: its whole environment.
        tell: takes each line that it prints, standard error included.

    Returns:
        The last lines that it printed.

    Raises:
        CommandFailed: its exit status is not 0.
    """
    last: deque[str] = deque(maxlen=_LAST)
    async with start_process(argv, cwd=cwd, env=env) as program:
        while program.stdout and (raw := await program.stdout.readline()):
            line = _LOGIN.sub("", raw.decode("utf-8", "replace")).strip()
            if line:
                last.append(line)
                tell(line)
        status = await program.wait()
    if status:
        raise CommandFailed(Path(argv[0]).name, "\n".join(last))
    return "\n".join(last)


@contextlib.asynccontextmanager
async def start_process(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Start a program; it and all that it started have ended when the block has."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_LEASH),
        str(os.getpid()),
        *argv,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=_MAX_LINE,
        start_new_session=True,
    )
    try:
        yield program
    finally:
        if program.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                program.terminate()
            await program.wait()
