"""What an Envoy says of the files that it follows, read out of its log.

Rule: told apart by the revision that the files name themselves, never by a clock: the log is
written on another machine. What is told quotes nothing (kode.evaluate.envoy_errors).
"""

import re
from dataclasses import dataclass

from kode.evaluate.envoy_errors import summarize_error

_RECORD = re.compile(r"^(?=\[\d{4}-\d\d-\d\d )", re.MULTILINE)
_TAKEN = re.compile(r"lds: add/update listener 'revision-(?P<revision>[0-9a-f]{1,64})'")
_REFUSED = re.compile(
    r"lds: listener 'http' config rejected: (?P<listener>.*)"
    r"|Filesystem config update (?:rejected|failure): (?P<file>.*)",
    re.DOTALL,
)
# Said once for each listener already; and what the kubelet has not yet filled is not refused.
_NO_NEWS = re.compile(r"Error adding/updating listener\(s\)|.*unexpected EOF", re.DOTALL)


@dataclass(frozen=True)
class Verdict:
    """What Envoy makes of a revision.

    Attributes:
        refused: why it refuses it; empty where it has taken it.
    """

    refused: str = ""


def read(log: str, revision: str) -> Verdict | None:
    """Return what Envoy makes of a revision; None where it has not read that yet.

    Args:
        log: the end of its log.
        revision: the revision.
    """
    sections: list[tuple[str, list[str]]] = []
    records: list[str] = []
    for record in _RECORD.split(log):
        taken = _TAKEN.search(record)
        if taken is None:
            records.append(record)
        else:
            sections.append((taken["revision"], records))
            records = []
    latest = next((it for it in reversed(sections) if it[0] == revision), None)
    if latest is None:
        return None
    # Clusters are read before listeners, but nothing says that this stays so.
    after = records if latest is sections[-1] else []
    refusals = [text for record in (*latest[1], *after) if (text := _refusal(record))]
    return Verdict(refusals[-1] if refusals else "")


def _refusal(record: str) -> str:
    refused = _REFUSED.search(record)
    if refused is None:
        return ""
    text = refused["listener"] or refused["file"] or ""
    return "" if _NO_NEWS.match(text) else summarize_error(text)
