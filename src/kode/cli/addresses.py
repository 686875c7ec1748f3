"""Where Kodes are opened.

Rule: only an address that answers by itself stands in a table; one that needs a port-forward first
is for `kode open`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kode.cli.session import Session
from kode.errors import KodeError


async def urls(session: Session, items: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Return namespace and name to the address, where there is one."""
    if not session.local:
        return {}
    found = {}
    for item in items:
        meta = item["metadata"]
        key = (meta["namespace"], meta["name"])
        try:
            address = await session.platform.address(meta["name"], meta["namespace"])
        except KodeError:
            continue
        if not address.command:
            found[key] = address.url
    return found
