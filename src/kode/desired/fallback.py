"""What guards an editor while Envoy refuses what its proxy config asks for.

Rule: only filters and clusters may be those of before; who may come in is always that of now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from kode.errors import InvalidSpec
from kode.gateway import faults
from kode.gateway.authentication import authenticates
from kode.gateway.sidecar import AuthMode, Sidecar


def fallback_sidecar(before: Sidecar | None, desired: Sidecar) -> Sidecar | None:
    """Return what guards an editor where Envoy refuses what is desired; None for nothing.

    The filters and clusters of before, under the login of now: an old password does not come back.

    Args:
        before: the sidecar of before; None where there was none.
        desired: the sidecar that is desired now.
    """
    if before is None or desired.auth_mode is AuthMode.DENY:
        return None
    http_filters, clusters = before.http_filters, before.clusters
    if (http_filters, clusters) == (desired.http_filters, desired.clusters):
        return None
    mode = desired.auth_mode
    if mode is AuthMode.FILTERS and not authenticates(http_filters):
        return None
    return replace(desired, http_filters=http_filters, clusters=clusters)


@dataclass(frozen=True)
class ProxyParts:
    """An administrator's own parts of a sidecar, in Envoy's JSON."""

    http_filters: tuple[Mapping[str, Any], ...]
    clusters: tuple[Mapping[str, Any], ...]


_PARTS = TypeAdapter(ProxyParts)


NO_PARTS = _PARTS.dump_json(ProxyParts((), ())).decode()
"""What stands for a sidecar without own parts, where text for none would mean that nobody knows."""


def dump_parts(sidecar: Sidecar) -> str:
    """Return a sidecar's own parts as text; empty where it has none."""
    if not (sidecar.http_filters or sidecar.clusters):
        return ""
    return _PARTS.dump_json(ProxyParts(sidecar.http_filters, sidecar.clusters)).decode()


def with_parts(sidecar: Sidecar, text: str) -> Sidecar | None:
    """Return a sidecar with the own parts of another one; None where the text cannot be read."""
    try:
        parts = _PARTS.validate_json(text)
        faults.check(parts.http_filters, parts.clusters)
    except (ValueError, KeyError, TypeError, InvalidSpec):
        return None
    return replace(sidecar, http_filters=parts.http_filters, clusters=parts.clusters)
