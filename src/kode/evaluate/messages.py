"""Whether a message tells anything new.

Rule: a message that quotes Kubernetes changes only when its sense does. Ids, times and counters in
it, or another of several warnings that all hold, would else have the status rewritten for ever.
"""

import re
from collections.abc import Sequence

_VOLATILE = re.compile(
    r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"  # uuids
    r"|\b(?=[0-9a-f]*[0-9])[0-9a-f]{8,}\b"  # digests and ids of requests
    r"|[0-9]{4,}"  # times, ports that somebody called from
    r"|(?<=back-off )\S+"
)


def stable_message(told: str, message: str, notes: Sequence[str]) -> str:
    """Return the message to tell: the one that was told where it still says as much.

    Args:
        told: the message that stands there, for the same reason.
        message: the new one.
        notes: warnings of Kubernetes that hold now, each of which may be quoted.
    """
    if _normalize(told) == _normalize(message) or told.startswith(message):
        return told
    quotes = [note for note in notes if note in message]
    if quotes and any(message.replace(quotes[0], note) == told for note in notes):
        return told
    return message


def _normalize(message: str) -> str:
    return _VOLATILE.sub("#", message)
