"""tools.source."""

import subprocess
from pathlib import Path

from tools.source import GENERATED, Finding, Source, sources


def test_sources_are_what_git_would_track(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("ignored\n")
    for name in ("b.py", "a.md", "ignored"):
        (tmp_path / name).write_text("x")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    (tmp_path / "link.md").symlink_to("a.md")
    assert [source.path for source in sources(tmp_path)] == [".gitignore", "a.md", "b.py"]


def test_finding_reads_as_editors_expect() -> None:
    assert str(Finding("a.py", 3, "why")) == "a.py:3: why"


def test_generated_is_marked_in_the_first_lines() -> None:
    assert Source("a", f"# {GENERATED}\n").generated
    assert not Source("a", "\n" * 5 + GENERATED).generated
