"""tools.deps."""

from pathlib import Path

import pytest

from tools import deps


def test_wanted_merges_the_lists_that_exist(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("# why\nchromium\ngit  # and why\n\n")
    (tmp_path / "two").write_text("git\nbuildah\n")
    lists = [tmp_path / name for name in ("one", "two", "absent")]
    assert deps.wanted(lists) == ["buildah", "chromium", "git"]


def test_without_apt_the_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list").write_text("chromium\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert deps.main([str(tmp_path / "list")]) == 0
    assert "chromium" in capsys.readouterr().err


def test_who_is_not_root_is_told_the_exact_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list").write_text("chromium\n")
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr(deps, "missing", list)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert deps.main([str(tmp_path / "list")]) == 1
    assert "apt-get install --yes --no-install-recommends chromium" in capsys.readouterr().err
