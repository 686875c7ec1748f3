"""tools.generate."""

import subprocess
from pathlib import Path

import pytest

from tools import generate
from tools.source import GENERATED


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def test_written_files_are_not_stale(tree: Path) -> None:
    files = {"docs/a.md": f"{GENERATED}\n"}
    generate.write(files, tree)
    assert not list(generate.stale(files, tree))


def test_missing_and_edited_files_are_stale(tree: Path) -> None:
    (tree / "edited.md").write_text("old")
    found = list(generate.stale({"edited.md": "new", "missing.md": "x"}, tree))
    assert [finding.path for finding in found] == ["edited.md", "missing.md"]


def test_marked_file_that_nothing_makes_is_a_finding(tree: Path) -> None:
    (tree / "orphan.md").write_text(f"<!-- {GENERATED} -->\n")
    assert [finding.path for finding in generate.stale({}, tree)] == ["orphan.md"]


def test_every_generated_file_carries_the_marker() -> None:
    assert all(GENERATED in text.splitlines()[0] for text in generate.render_files().values())


def test_definitions_have_no_aliases() -> None:
    assert not any("&id" in text for text in generate.definitions().values())
