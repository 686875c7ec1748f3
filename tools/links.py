"""Links between the pages of the documentation lead somewhere.

Rule: a relative link names a file of the tree, and its fragment a heading of that file. Addresses
of the outside are not visited: a wall gives the same answer everywhere.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping

from tools.source import Finding, Source

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def findings(source: Source, tree: Mapping[str, Source]) -> Iterator[Finding]:
    """The links of one Markdown file that lead nowhere in the tree."""
    if source.suffix != ".md":
        return
    # Blanked, not removed: the numbers of the lines stay.
    text = FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), source.text)
    for match in LINK.finditer(text):
        target, _, fragment = match[1].partition("#")
        if ":" in target or _leads(source.path, target, fragment, tree):
            continue
        line = text.count("\n", 0, match.start()) + 1
        yield Finding(source.path, line, f"the link to {match[1]} leads nowhere")


def _leads(path: str, target: str, fragment: str, tree: Mapping[str, Source]) -> bool:
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
    if whole not in tree:
        return not fragment and any(known.startswith(f"{whole}/") for known in tree)
    return not fragment or fragment in {_slug(title) for title in HEADING.findall(tree[whole].text)}


def _slug(title: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", title.strip().lower())
    return kept.replace(" ", "-")
