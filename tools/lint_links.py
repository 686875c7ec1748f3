"""Links between the pages of the documentation lead somewhere.

Rule: a relative link names a file of the tree, and its fragment a heading of that file; every page
is linked to from another. Addresses of the outside are not visited: a wall gives the same answer
everywhere.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.source import Finding, Source

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Link:
    """One relative link: the line that it stands on, the file and the heading that it names."""

    line: int
    written: str
    target: str
    fragment: str


def findings(source: Source, tree: Mapping[str, Source]) -> Iterator[Finding]:
    """The links of one Markdown file that lead nowhere in the tree."""
    for link in links(source):
        if not _leads(link, tree):
            yield Finding(source.path, link.line, f"the link to {link.written} leads nowhere")


def orphans(tree: Mapping[str, Source]) -> Iterator[Finding]:
    """The pages of the documentation that no other page links to."""
    linked = {
        link.target
        for source in tree.values()
        for link in links(source)
        if link.target != source.path
    }
    for path in tree:
        if path.startswith("docs/") and path.endswith(".md") and path not in linked:
            yield Finding(path, 1, "no other page links to this one; add it to its index")


def links(source: Source) -> Iterator[Link]:
    """The relative links of a Markdown file; nothing for other files."""
    if source.suffix != ".md":
        return
    # Blanked, not removed: the numbers of the lines stay.
    text = FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), source.text)
    for match in LINK.finditer(text):
        target, _, fragment = match[1].partition("#")
        if ":" not in target:
            line = text.count("\n", 0, match.start()) + 1
            yield Link(line, match[1], _resolve(source.path, target), fragment)


def _resolve(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path


def _leads(link: Link, tree: Mapping[str, Source]) -> bool:
    if link.target not in tree:
        folder = f"{link.target}/"
        return not link.fragment and any(path.startswith(folder) for path in tree)
    titles = HEADING.findall(tree[link.target].text)
    return not link.fragment or link.fragment in map(_slug, titles)


def _slug(title: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", title.strip().lower())
    return kept.replace(" ", "-")
