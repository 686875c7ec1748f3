"""What an Envoy says of the files that it follows, read out of its log.

Rule: told apart by the revision that the files name themselves, never by a clock: the log is
written on another machine. What is told quotes nothing (kode.evaluate.envoy_errors).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kode.api import layout
from kode.evaluate.envoy_errors import summarize_error

_RECORD = re.compile(r"^(?=\[\d{4}-\d\d-\d\d )", re.MULTILINE)
# A whole beginning, so that nothing which somebody makes Envoy log in between passes for its own.
_OWN = r"\A\[[^]]*\]\[\d+\]\[(?:info|warning)\]\[(?:upstream|config)\] \[[^]]*\] "
_MARK = re.compile(_OWN + r"lds: add/update listener 'revision-(?P<revision>[0-9a-f]{1,64})'")
_LISTENER_TAKEN = re.compile(_OWN + "lds: add/update listener 'http'")
_CLUSTERS_TAKEN = re.compile(_OWN + "cds: added/updated ")
_LISTENER_REFUSED = re.compile(
    _OWN + r"lds: listener 'http' config rejected: (?P<text>.*)", re.DOTALL
)
_FILE_REFUSED = re.compile(
    _OWN + r"Filesystem config update (?:rejected|failure): (?P<text>.*)", re.DOTALL
)
# Said once for each listener already; and what the kubelet has not yet filled is not refused.
_NO_NEWS = re.compile(r"Error adding/updating listener\(s\)|.*unexpected EOF", re.DOTALL)
_TOO_EARLY = ("unknown cluster '", f"unable to read file: {layout.ENVOY_FILES}/")


@dataclass(frozen=True)
class Verdict:
    """What Envoy makes of a revision.

    Attributes:
        refused: why it refuses it; empty where it does not.
        unread: whether it has not read it yet.
        silent: whether its log names no revision at all: it may have done so long ago.
        early: whether it may have read the listeners before the clusters or the users that they
            need; then it takes them when it reads them again.
    """

    refused: str = ""
    early: bool = False
    unread: bool = False
    silent: bool = False


def read(log: str, revision: str) -> Verdict:
    """Return what Envoy makes of a revision.

    Args:
        log: the end of its log.
        revision: the revision.
    """
    sections: list[tuple[str, list[str]]] = []
    records: list[str] = []
    for record in _RECORD.split(log):
        mark = _MARK.search(record)
        if mark is None:
            records.append(record)
        else:
            sections.append((mark["revision"], records))
            records = []
    if not sections:
        return Verdict(unread=True, silent=True)
    if sections[-1][0] != revision:
        return Verdict(unread=True)
    # Nothing says in which order it reads the two files.
    return _judge(sections[-1][1], records)


def _judge(before: Sequence[str], after: Sequence[str]) -> Verdict:
    """Return what the records around the mark of a revision say of it."""
    clusters = listener = ""
    for number, record in enumerate((*before, *after)):
        refused, file = _LISTENER_REFUSED.search(record), _FILE_REFUSED.search(record)
        if _LISTENER_TAKEN.search(record):
            listener = ""
        elif _CLUSTERS_TAKEN.search(record):
            clusters = ""
        elif refused:
            listener = refused["text"]
        elif file and not _NO_NEWS.match(file["text"]):
            clusters = file["text"]
        elif file and number < len(before):
            # It ends an update before that of this revision, which says the same after its mark.
            listener = ""
    # A listener whose clusters are refused is refused for that alone.
    return Verdict(summarize_error(clusters or listener), not clusters and _is_early(listener))


def _is_early(refusal: str) -> bool:
    return any(words in refusal for words in _TOO_EARLY)
