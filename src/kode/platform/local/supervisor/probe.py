"""Whether a program answers: one GET over its socket or port.

Rule: an answer below the program's bound, or 401, is a life sign; anything else is words about what
is wrong.
"""

import asyncio
from http import HTTPStatus

from kode.platform.local.program import Probe

_SECONDS = 5.0


async def trouble(health: Probe) -> str:
    """Return what is wrong with a program's answer; empty where it is fine."""
    try:
        async with asyncio.timeout(_SECONDS):
            return _judge(await _first_line(health), health.unhealthy_from_status)
    except TimeoutError:
        return f"no answer to GET {health.path} within {_SECONDS:.0f} s"
    except (OSError, ValueError) as error:
        return f"no answer to GET {health.path}: {error}"


async def _first_line(health: Probe) -> bytes:
    if health.socket is not None:
        reader, writer = await asyncio.open_unix_connection(health.socket)
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", health.port)
    try:
        request = (
            f"GET {health.path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kode\r\n"
            "Accept: */*\r\nConnection: close\r\n\r\n"
        )
        writer.write(request.encode())
        return await reader.readline()
    finally:
        # Nobody waits for the rest of the page.
        writer.transport.abort()


def _judge(line: bytes, below: int) -> str:
    if not line:
        return "the connection is closed without an answer"
    words = line.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():  # noqa: PLR2004
        return f"the answer is not HTTP: {line[:80]!r}"
    code = int(words[1])
    return "" if code < below or code == HTTPStatus.UNAUTHORIZED else f"the answer is {code}"
