"""The walls that no other linter has: size, names, traces, links and import circles of the tree.

Rule: all findings are printed, in order of place; the exit status is 1 where there are any.
"""

import sys
from collections.abc import Iterator

from tools import caps, links, lint_names, structure, traces
from tools.source import Finding, sources


def findings() -> Iterator[Finding]:
    """Everything that the walls have to say about the tree."""
    tree = {source.path: source for source in sources()}
    for source in tree.values():
        yield from caps.findings(source)
        yield from lint_names.findings(source)
        yield from traces.findings(source)
        yield from links.findings(source, tree)
    yield from links.orphans(tree)
    yield from structure.findings()
    yield from lint_names.habits(tree)


def main() -> int:
    """Print what the walls find; 0 where they find nothing."""
    found = sorted(findings())
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
