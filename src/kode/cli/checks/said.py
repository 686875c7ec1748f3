"""Running a program for what it says.

Rule: it is given a moment, and ends with it: nothing that was asked goes on.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence

_TIMEOUT = 20.0


async def said(command: Sequence[str]) -> tuple[int, str]:
    """Run a program; return its exit code and what it wrote."""
    try:
        program = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return 127, error.strerror or str(error)
    try:
        async with asyncio.timeout(_TIMEOUT):
            out, _ = await program.communicate()
    except TimeoutError:
        return 124, f"no answer within {_TIMEOUT:g} s"
    finally:
        if program.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            await program.wait()
    return program.returncode or 0, out.decode(errors="replace")
