"""Answers of the API server, read however deep somebody nested an object.

Rule: one object that nobody can use must not hide the others: what is nested deeper than anything
that means something is left out, and the object is then refused for what is still too deep in it.

The API server takes objects of 10,000 levels where a kind preserves unknown fields; parsers of JSON
are recursive and give up at about a thousand.
"""

import re
from typing import Any

import orjson

MAX_DEPTH = 200
"""Levels that are kept; twice what Envoy reads."""
# A string, in which brackets mean nothing, or a bracket.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def loads(body: bytes) -> Any:
    """Return the value that JSON describes, without what is nested too deeply.

    Raises:
        JSONDecodeError: it is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        shallow = truncate(body)
        if len(shallow) == len(body):
            raise
        return orjson.loads(shallow)


def truncate(body: bytes, max_depth: int = MAX_DEPTH) -> bytes:
    """Return JSON with null for each list and object that begins below a level.

    Args:
        body: the JSON.
        max_depth: the last level that is kept.
    """
    parts = []
    depth = kept = 0
    for token in _TOKEN.finditer(body):
        match body[token.start()]:
            case 0x5B | 0x7B:  # [ {
                depth += 1
                if depth == max_depth + 1:
                    parts.append(body[kept : token.start()])
            case 0x5D | 0x7D:  # ] }
                if depth == max_depth + 1:
                    parts.append(b"null")
                    kept = token.end()
                depth -= 1
    parts.append(body[kept:])
    return b"".join(parts)
