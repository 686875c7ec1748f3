"""Commands that a page shows one after the other work when they are pasted as one."""

import pytest

from tools.source import Source, sources

PAGES = [page for page in sources() if page.suffix == ".md" and "kubectl port-forward" in page.text]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_port_is_forwarded_only_once_what_was_applied_is_ready(page: Source) -> None:
    waits = False
    for line in page.text.splitlines():
        if not line.startswith("    "):
            continue
        if "kubectl apply" in line:
            waits = True
        elif "kubectl wait" in line and "Ready" in line:
            waits = False
        assert not (waits and "kubectl port-forward" in line), "it would end: the pod is not there"


def test_the_pages_that_a_newcomer_pastes_from_are_among_them() -> None:
    assert {"README.md", "docs/tutorials/first-editor.md"} <= {page.path for page in PAGES}
