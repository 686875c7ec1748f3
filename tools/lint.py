"""The rules of this project that no other linter has: size, names, traces, links, import circles.

Rule: all findings are printed, in order of place; the exit status is 1 where there are any.
"""

import sys
from collections.abc import Iterator

from tools import lint_links, lint_names, lint_size, lint_traces, structure
from tools.source import Finding, sources


def findings() -> Iterator[Finding]:
    """Return all findings of the tree."""
    tree = {source.path: source for source in sources()}
    for source in tree.values():
        yield from lint_size.findings(source)
        yield from lint_names.findings(source)
        yield from lint_traces.findings(source)
        yield from lint_links.findings(source, tree)
    yield from lint_links.orphans(tree)
    yield from structure.findings()
    yield from lint_names.habits(tree)


def main() -> int:
    """Print the findings; return 0 where there are none."""
    rows = sorted(findings())
    for finding in rows:
        print(finding)
    return 1 if rows else 0


if __name__ == "__main__":
    sys.exit(main())
