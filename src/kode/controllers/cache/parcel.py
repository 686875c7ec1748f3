"""Objects as few bytes.

Rule: what is unpacked equals what was packed. Objects of one kind resemble each other, so each is
packed as its difference from one that was seen before: a twentieth of the bytes.
"""

import zlib
from collections.abc import Mapping
from typing import Any

import orjson

_LEVEL = 6
_MEMORY = 5
"""zlib's working memory: small is quicker to set up, and objects are small."""
_WINDOW = -15
_LONGEST_PATTERN = 32_768
"""zlib looks no further back."""
_MOST_PATTERNS = 8
_POOR = 3
"""A parcel of more than a third of its object deserves a pattern of its own."""


class Packer:
    """Packs objects that resemble each other."""

    def __init__(self) -> None:
        """Begin without patterns; the first objects become some."""
        self._patterns: list[bytes] = []

    def pack(self, found: Mapping[str, Any]) -> bytes:
        """Return the parcel of an object; equal objects give equal parcels, or nearly always."""
        raw = orjson.dumps(found)
        parcel = self._packed(raw) if self._patterns else raw
        if len(parcel) * _POOR > len(raw) and len(self._patterns) < _MOST_PATTERNS:
            # Older patterns stay inside the new one: zlib prefers what is near the end.
            older = self._patterns[-1] if self._patterns else b""
            self._patterns.append((older + raw)[-_LONGEST_PATTERN:])
            parcel = self._packed(raw)
        return parcel

    def unpack(self, parcel: bytes) -> dict[str, Any]:
        """Return the object of a parcel."""
        unpacking = zlib.decompressobj(_WINDOW, self._patterns[parcel[0]])
        found: dict[str, Any] = orjson.loads(unpacking.decompress(parcel[1:]))
        return found

    def _packed(self, raw: bytes) -> bytes:
        last = len(self._patterns) - 1
        packing = zlib.compressobj(
            _LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, self._patterns[last]
        )
        return bytes([last]) + packing.compress(raw) + packing.flush()
