"""What Envoy has loaded of the files that it follows, by what it says itself.

Rule: only the version that Envoy names counts, not that a file was written or read: an Envoy that
was started anew, or that refused a file, names another one.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/mgmt_server
"""

import asyncio
import re
import time
from dataclasses import dataclass
from pathlib import Path

from kode.gateway.local_gateway import CLUSTERS, LISTENERS, ROUTES
from kode.platform.local.http_get import get

_STATS = {
    CLUSTERS: "cluster_manager.cds",
    LISTENERS: "listener_manager.lds",
    ROUTES: "http.outer.rds.outer",
}
_REFUSED = re.compile(r"\.update_rejected: (\d+)")
_VERSION = re.compile(r"\.version_text: \"(.*)\"")
_ANSWER_TIMEOUT = 2.0
_LOAD_TIMEOUT = 5.0
_POLL_INTERVAL = 0.005


@dataclass(frozen=True)
class UpdateCounts:
    """What Envoy says of a file.

    Attributes:
        version: of the content that it works with; empty before it has any.
        refused: how often it has refused what the file said.
    """

    version: str
    refused: int


async def read(admin: Path, file: str) -> UpdateCounts | None:
    """Return what Envoy says of a file; None where it does not answer."""
    query = f"{re.escape(_STATS[file])}\\.(version_text|update_rejected)$"
    try:
        async with asyncio.timeout(_ANSWER_TIMEOUT):
            text = await _ask(admin, f"/stats?filter={query}")
    except (OSError, TimeoutError):
        return None
    version, refused = _VERSION.search(text), _REFUSED.search(text)
    return UpdateCounts(version[1] if version else "", int(refused[1]) if refused else 0)


async def after(admin: Path, file: str, version: str, before: UpdateCounts) -> UpdateCounts | None:
    """Return what Envoy says of a file once it has loaded a version, or has refused again.

    None where Envoy does not answer any more, or does neither in time.
    """
    deadline = time.monotonic() + _LOAD_TIMEOUT
    while time.monotonic() < deadline:
        now = await read(admin, file)
        if now is None or now.version == version or now.refused > before.refused:
            return now
        await asyncio.sleep(_POLL_INTERVAL)
    return None


async def _ask(admin: Path, path: str) -> str:
    async with get(path, socket=admin) as reader:
        return (await reader.read()).decode(errors="replace")
