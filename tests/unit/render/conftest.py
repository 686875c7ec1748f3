"""What the tests of the dotfiles' script begin with."""

from pathlib import Path

import pytest

from tests.unit.render.person import Person


@pytest.fixture
def person(tmp_path: Path) -> Person:
    """A person with an empty home and a repository of one commit."""
    found = Person(tmp_path / "home", tmp_path / "origin")
    found.home.mkdir()
    found.origin.mkdir()
    found.git("init", "-q", "-b", "main")
    found.push({".vimrc": "one", ".config/tool/rc": "deep", "README.md": "x", ".gitignore": "y"})
    return found
