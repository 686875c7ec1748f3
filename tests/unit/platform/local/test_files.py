"""kode.platform.local.files: private, replaced in one step, locked."""

import os
from pathlib import Path

import pytest

from kode.errors import PlatformError
from kode.platform.local.files import private_dir, replace_file, try_lock, write_if_changed


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    file = tmp_path / "it"
    replace_file(file, "one")
    before = file.stat().st_ino
    replace_file(file, "two \udcff")
    assert file.read_bytes() == b"two \xed\xb3\xbf"
    assert file.stat().st_ino != before
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_program_is_written_as_one(tmp_path: Path) -> None:
    replace_file(tmp_path / "it", "#!/bin/sh\n", mode=0o700)
    assert os.access(tmp_path / "it", os.X_OK)


def test_a_file_that_cannot_be_replaced_stays_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(tmp_path / "it", "one")
    assert [path.name for path in tmp_path.iterdir()] == ["it"]


def test_a_file_is_written_only_where_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "it"
    assert write_if_changed(file, "one")
    before = file.stat().st_ino
    assert not write_if_changed(file, "one")
    assert file.stat().st_ino == before
    assert write_if_changed(file, "one", rewrite=True)
    assert file.stat().st_ino != before


def test_a_folder_becomes_private_and_no_link_is_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    assert private_dir(tmp_path / "open").stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to(tmp_path / "open")
    with pytest.raises(PlatformError, match="is not yours"):
        private_dir(tmp_path / "link")


def test_a_lock_is_held_by_one_and_given_back_with_its_file(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as other:
        with (tmp_path / "lock").open("w") as one:
            assert try_lock(one)
            assert not try_lock(other)
        assert try_lock(other)
