"""No committed file carries a trace of the machine it was written on.

Rule: paths of one machine and addresses of package registries stay out; a lock file names a
package by version and hash, and the reader's own client knows where to get it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tools.source import Finding, Source


@dataclass(frozen=True)
class Trace:
    """A pattern, where it applies (a pattern of paths), and what to say."""

    pattern: re.Pattern[str]
    where: re.Pattern[str]
    message: str


ANYWHERE = re.compile("")
OUTSIDE_IMAGES = re.compile(r"^(?!images/)")  # inside one, it is the image's own
PROSE = re.compile(r"\.(md|rst|txt)$")
REGISTRIES = (
    r"\bpypi[.]org|\bpythonhosted[.]org|\bregistry[.]npmjs|\b(?:proxy|sum)[.]golang[.]org"
    r"|\b(?:deb|security)[.]debian[.]org|\bcrates[.]io|\brepo1?[.]maven"
)

# The character classes keep these lines from matching themselves.
TRACES = (
    Trace(re.compile(r"(?<![\w.}])[/]work/"), ANYWHERE, "a path of one machine"),
    Trace(re.compile(r"(?<![\w.}])[/]root/"), OUTSIDE_IMAGES, "a path of one machine"),
    Trace(re.compile(r"(?<![\w.}])[/]tmp/"), PROSE, "a temporary path; let the reader choose"),
    Trace(re.compile(REGISTRIES), ANYWHERE, "the address of a package registry"),
    Trace(
        re.compile(r"--(?:extra-)?index[-]url|--find[-]links"),
        ANYWHERE,
        "a choice of package index; that belongs to the reader's own configuration",
    ),
)


def findings(source: Source) -> Iterator[Finding]:
    """Every trace in one file."""
    traces = [trace for trace in TRACES if trace.where.search(source.path)]
    for number, line in enumerate(source.text.splitlines(), start=1):
        for trace in traces:
            if match := trace.pattern.search(line):
                yield Finding(source.path, number, f"{match[0]!r}: {trace.message}")
