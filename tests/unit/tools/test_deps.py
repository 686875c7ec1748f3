"""tools.deps."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tools import deps


def test_wanted_merges_the_lists_that_exist(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("# why\nchromium\ngit  # and why\n\n")
    (tmp_path / "two").write_text("git\nbuildah\n")
    lists = [tmp_path / name for name in ("one", "two", "absent")]
    assert deps.read_lists(lists) == ["buildah", "chromium", "git"]


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


APT = """#!/bin/sh
# Fails where another one works, as apt-get does when its lists are locked.
mkdir busy || exit 100
sleep 0.1
echo "$@" >> said
[ "$4" = update ] || touch there
rmdir busy
"""
DPKG = """#!/bin/sh
[ ! -e there ] || echo "installed chromium"
"""


def test_two_at_once_install_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, script in (("apt-get", APT), ("dpkg-query", DPKG)):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("KODE_CACHE", str(tmp_path / "cache"))
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: deps.install(["chromium"], os.environ), range(2)))
    assert done == [0, 0]
    said = [line.split()[3:] for line in (tmp_path / "said").read_text().splitlines()]
    assert [words[0] for words in said] == ["update", "install"]
    assert said[1][-1] == "chromium"
