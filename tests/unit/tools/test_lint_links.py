"""tools.lint_links."""

import pytest

from tools.lint_links import findings, orphans
from tools.source import Source

TREE = {
    path: Source(path, text)
    for path, text in {
        "README.md": "# Kode\n## Two words, `code`\n",
        "docs/adr/README.md": "",
        "docs/how-to/a.md": "# A\n",
    }.items()
}


def dead(link: str) -> list[str]:
    page = Source("docs/how-to/a.md", f"# A\n\nSee [x]({link}).\n")
    return [str(finding) for finding in findings(page, TREE)]


@pytest.mark.parametrize(
    "link",
    ["../../README.md", "../adr/", "../../README.md#two-words-code", "#a", "https://example.org/x"],
)
def test_link_that_leads_somewhere_passes(link: str) -> None:
    assert dead(link) == []


@pytest.mark.parametrize("link", ["b.md", "../../README.md#three", "#b", "../none/"])
def test_dead_link_is_a_finding(link: str) -> None:
    assert dead(link) == [f"docs/how-to/a.md:3: the link to {link} leads nowhere"]


def test_code_is_no_link() -> None:
    page = Source("docs/how-to/a.md", "```\n[x](none.md)\n```\n")
    assert not list(findings(page, TREE))


def test_page_that_nobody_links_to_is_a_finding() -> None:
    tree = {
        path: Source(path, text)
        for path, text in {
            "README.md": "[docs](docs/README.md)",
            "docs/README.md": "[a](a.md)",
            "docs/a.md": "[I](a.md)",
            "docs/b.md": "[myself](b.md)",
        }.items()
    }
    assert [finding.path for finding in orphans(tree)] == ["docs/b.md"]
