"""What Envoy has made of the files that it follows, by its own counters.

Rule: an Envoy that does not answer is no error: it reads all of them when it starts.
"""

import asyncio
import re
import time
from dataclasses import dataclass
from pathlib import Path

from kode.gateway.machine import CLUSTERS, LISTENERS, ROUTES

_NAMES = {
    CLUSTERS: "cluster_manager.cds",
    LISTENERS: "listener_manager.lds",
    ROUTES: "http.outer.rds.outer",
}
_COUNTER = re.compile(r"\.update_(success|rejected): (\d+)")
_ANSWERS_WITHIN = 2.0
_READS_WITHIN = 5.0
_PAUSE = 0.005


@dataclass(frozen=True)
class Read:
    """How often Envoy has read a file.

    Attributes:
        taken: and taken what it says.
        refused: and refused it.
    """

    taken: int
    refused: int


async def read(admin: Path, file: str) -> Read | None:
    """Return how often a file was read; None where Envoy does not answer."""
    try:
        async with asyncio.timeout(_ANSWERS_WITHIN):
            text = await _ask(admin, f"/stats?filter={re.escape(_NAMES[file])}\\.update")
    except (OSError, TimeoutError):
        return None
    found = {name: int(count) for name, count in _COUNTER.findall(text)}
    return Read(found.get("success", 0), found.get("rejected", 0))


async def after(admin: Path, file: str, before: Read) -> Read | None:
    """Return how often a file was read, once that is more often than before.

    None where Envoy does not answer any more, or does not read it in time.
    """
    until = time.monotonic() + _READS_WITHIN
    while time.monotonic() < until:
        now = await read(admin, file)
        if now is None or now != before:
            return now
        await asyncio.sleep(_PAUSE)
    return None


async def _ask(admin: Path, path: str) -> str:
    reader, writer = await asyncio.open_unix_connection(admin)
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        return (await reader.read()).decode(errors="replace")
    finally:
        writer.transport.abort()
