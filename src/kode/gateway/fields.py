"""How Envoy reads the fields of its JSON: each by either of two names.

Rule: a message that gives one field by both names means nothing. Which of them Envoy takes is
chance, so nothing is concluded from such a message and none is passed on.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_UNDERSCORES = re.compile(r"_+(.?)")
_NAME = re.compile(r"[A-Za-z0-9_.@/-]{1,64}")


def camel(name: str) -> str:
    """Return the other name of a field, as protobuf makes it: `max_age` is `maxAge`."""
    return _UNDERSCORES.sub(lambda match: match[1].upper(), name)


def twice(node: Any, at: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the fields that are given by both of their names, at any depth.

    Args:
        node: any part of Envoy's JSON.
        at: where it stands, for the answer.

    Returns:
        Where the message stands (`typed_config.rules[0]`), and both names.
    """
    match node:
        case Mapping():
            seen: dict[str, str] = {}
            for key, value in node.items():
                other = seen.setdefault(camel(key), key)
                if other != key:
                    yield at, other, key
                yield from twice(value, below(at, key))
        case list() | tuple():
            for number, value in enumerate(node):
                yield from twice(value, f"{at}[{number}]")


def below(at: str, key: str) -> str:
    """Return where a field of a message stands, given where the message does."""
    return f"{at}.{quote_key(key)}" if at else quote_key(key)


def quote_key(key: str) -> str:
    """Return a field's name as it may be told: what cannot be a name is not repeated."""
    return key if _NAME.fullmatch(key) else "(no name of a field)"
