"""What JSON cannot say of a value.

Rule: each problem is told by the path of its field, however odd the value is; never an error.
"""

import math
from collections.abc import Iterator, Mapping

_SHOWN_PATH = 200


def find_unencodable(
    value: object, path: str = "", *, max_depth: int, integers: range
) -> Iterator[str]:
    """Yield what JSON, or a reader of it, cannot say of a value.

    Args:
        value: the value.
        path: where it stands; empty for a whole document.
        max_depth: levels of objects and lists.
        integers: the whole numbers that the reader knows.
    """
    where = path[:_SHOWN_PATH] or "the document"
    if not isinstance(value, Mapping | list | tuple):
        problem = _scalar(value, integers)
        if problem:
            yield f"{where}: {problem}"
    elif not max_depth:
        yield f"{where}: nested too deeply"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not _is_unicode(key):
                yield f"{where}: key {key!r} is not a string"
            else:
                inner = f"{path}.{key}" if path else key
                yield from find_unencodable(item, inner, max_depth=max_depth - 1, integers=integers)
    else:
        for number, item in enumerate(value):
            yield from find_unencodable(
                item, f"{path}[{number}]", max_depth=max_depth - 1, integers=integers
            )


def _scalar(value: object, integers: range) -> str:
    match value:
        case None | bool():
            return ""
        case str():
            return "" if _is_unicode(value) else "invalid Unicode: an unpaired surrogate"
        case float():
            return "" if math.isfinite(value) else f"{value} is not a valid JSON number"
        case int():
            return "" if value in integers else "the number needs more than 64 bits"
        case _:
            return f"{type(value).__name__} cannot be encoded as JSON"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
