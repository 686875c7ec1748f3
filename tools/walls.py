"""The walls that no other linter has: caps, words and traces, over every file of the tree.

Rule: all findings are printed, in order of place; the exit status is 1 where there are any.
"""

import sys

from tools import caps, traces, words
from tools.source import sources

CHECKS = (caps.findings, words.findings, traces.findings)


def main() -> int:
    """Print what the checks find; 0 where they find nothing."""
    found = sorted(finding for source in sources() for check in CHECKS for finding in check(source))
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
