"""Objects as few bytes.

Rule: what is decompressed equals what was compressed. Objects of one kind resemble each other, so
each is kept as its difference from a dictionary of forms that were seen before: a twentieth of the
bytes.
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
_MIN_RATIO = 4
"""An object of which more than a quarter is left belongs into the dictionary."""


class Compressor:
    """Compresses objects that resemble each other."""

    def __init__(self) -> None:
        """Begin without a dictionary; the first objects become one."""
        self._dictionary = b""

    def compress(self, document: Mapping[str, Any], previous: bytes | None = None) -> bytes:
        """Return the blob of an object.

        Args:
            document: the object.
            previous: the blob that is kept of it; returned again where nothing has changed.
        """
        raw = orjson.dumps(document)
        if previous is not None and self._inflate(previous) == raw:
            return previous
        blob = self._deflate(raw) if self._dictionary else raw
        if len(blob) * _MIN_RATIO > len(raw) and len(self._dictionary) < _MAX_DICTIONARY:
            # At the front: blobs count from the end, so those of before are read as they were.
            self._dictionary = (raw + self._dictionary)[-_MAX_DICTIONARY:]
            blob = self._deflate(raw)
        return blob

    def decompress(self, blob: bytes) -> dict[str, Any]:
        """Return the object of a blob."""
        document: dict[str, Any] = orjson.loads(self._inflate(blob))
        return document

    def _inflate(self, blob: bytes) -> bytes:
        return zlib.decompressobj(_WINDOW, self._dictionary).decompress(blob)

    def _deflate(self, raw: bytes) -> bytes:
        deflate = zlib.compressobj(
            _LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, self._dictionary
        )
        return deflate.compress(raw) + deflate.flush()
