"""tools.commands."""

import pytest

from kode.cli.exit_codes import ExitCode
from tools.commands import PAGE, commands, pages


@pytest.fixture(scope="module")
def page() -> str:
    return pages()[PAGE]


def test_every_command_has_its_help_on_the_page(page: str) -> None:
    found = [" ".join(words) for words in commands()]
    assert {"render", "list", "editors", "editors install", "operator"} <= set(found)
    for name in found:
        assert f"## kode {name}\n\n```\nusage: kode {name}" in page.replace("Usage:", "usage:")


def test_every_exit_code_is_on_the_page(page: str) -> None:
    for code in ExitCode:
        assert f"| {code.value} | {code.doc} |" in page
