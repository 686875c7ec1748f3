"""Formatting of ages, sizes and text for a terminal.

Rule: text of other origin (messages, names) never reaches a terminal with control characters.
"""

import unicodedata
from datetime import UTC, datetime

_STEPS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")
_SIZE = 1024


def sanitize(text: str) -> str:
    """Return a text as one line without control characters."""
    return "".join(
        character if unicodedata.category(character) not in ("Cc", "Cf", "Cs") else " "
        for character in " ".join(text.split())
    )


def age(time: str | None, now: datetime | None = None) -> str:
    """Return how long ago an RFC 3339 time was: 5s, 12m, 3h, 8d."""
    try:
        moment = datetime.fromisoformat(time or "")
    except ValueError:
        return "-"
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = max(0, int(((now or datetime.now(UTC)) - moment).total_seconds()))
    size, unit = next((step for step in _STEPS if seconds >= step[0]), _STEPS[-1])
    return f"{seconds // size}{unit}"


def format_bytes(size: float) -> str:
    """Return a number of bytes as text: 12 B, 1.5 MiB."""
    for unit in _SIZES[:-1]:
        if size < _SIZE:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _SIZE
    return f"{size:.1f} {_SIZES[-1]}"
