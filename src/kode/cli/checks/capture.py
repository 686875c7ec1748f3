"""Running a program for its output.

Rule: it has a timeout, and is killed with its process group: no program outlives the call.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence

_TIMEOUT = 20.0


async def capture_output(command: Sequence[str]) -> tuple[int, str]:
    """Run a program; return its exit code and output."""
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
