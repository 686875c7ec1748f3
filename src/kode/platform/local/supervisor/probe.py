"""Whether a program answers: one GET over its socket or port.

Rule: an answer below the program's bound, or 401, is a life sign; anything else is words about what
is wrong.
"""

import asyncio
from http import HTTPStatus

from kode.platform.local.http_get import get_status
from kode.platform.local.program import Probe

_SECONDS = 5.0


async def trouble(health: Probe) -> str:
    """Return what is wrong with a program's answer; empty where it is fine."""
    try:
        async with asyncio.timeout(_SECONDS):
            code = await get_status(health.path, socket=health.socket, port=health.port)
    except TimeoutError:
        return f"no answer to GET {health.path} within {_SECONDS:.0f} s"
    except (OSError, ValueError) as error:
        return f"no answer to GET {health.path}: {error}"
    is_alive = code < health.unhealthy_from_status or code == HTTPStatus.UNAUTHORIZED
    return "" if is_alive else f"the answer is {code}"
