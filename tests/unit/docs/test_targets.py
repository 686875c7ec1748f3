"""Every `make` target that a page names exists."""

import re

from tools.source import ROOT, sources

TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
# In a line of code, or in a code span: `make check`.
NAMED = re.compile(r"(?:^    (?:.* )?|`)make ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)", re.MULTILINE)


def test_every_target_that_a_page_names_exists() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    named = {
        (source.path, word)
        for source in sources()
        if source.suffix == ".md"
        for words in NAMED.findall(source.text)
        for word in words.split()
    }
    assert {word for _, word in named} >= {"up", "test", "check", "images"}
    assert [item for item in sorted(named) if item[1] not in targets] == []
