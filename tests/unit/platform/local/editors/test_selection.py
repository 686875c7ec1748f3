"""kode.platform.local.editors.selection."""

from pathlib import Path

import pytest

from kode.errors import InvalidSpec, PlatformError
from kode.platform.local.editors import selection
from kode.platform.local.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "root", tmp_path / "cache")


def program(folder: Path, name: str = "code-server") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_what_lies_on_the_path_is_not_taken_unasked(paths: Paths, tmp_path: Path) -> None:
    assert selection.load_selected(paths, {"PATH": str(program(tmp_path / "bin").parent)}) is None


def test_variable_wins_over_what_was_remembered(paths: Paths, tmp_path: Path) -> None:
    one, two = program(tmp_path / "one"), program(tmp_path / "two")
    selection.save(paths, one)
    remembered = selection.load_selected(paths, {})
    by_variable = selection.load_selected(paths, {"KODE_CODE_SERVER": str(two)})
    assert remembered
    assert by_variable
    assert (remembered.argv, by_variable.argv) == ((str(one),), (str(two),))
    assert remembered.root is None


def test_choice_is_taken_back(paths: Paths, tmp_path: Path) -> None:
    selection.save(paths, program(tmp_path / "bin"))
    selection.save(paths, None)
    selection.save(paths, None)
    assert selection.load_selected(paths, {}) is None


def test_name_is_looked_up_once(tmp_path: Path) -> None:
    file = program(tmp_path / "bin")
    assert selection.resolve("code-server", {"PATH": str(file.parent)}) == file
    with pytest.raises(InvalidSpec, match="not a program"):
        selection.resolve("code-server", {"PATH": str(tmp_path)})


def test_choice_that_is_gone_is_told(paths: Paths, tmp_path: Path) -> None:
    file = program(tmp_path / "bin")
    selection.save(paths, file)
    file.unlink()
    with pytest.raises(PlatformError, match="kode editors use --builtin"):
        selection.load_selected(paths, {})
    with pytest.raises(PlatformError, match="KODE_CODE_SERVER"):
        selection.load_selected(paths, {"KODE_CODE_SERVER": "/none"})


@pytest.mark.parametrize("text", ["{", "\x00"])
def test_broken_file_is_told(paths: Paths, text: str) -> None:
    paths.root.mkdir()
    (paths.root / "editors.json").write_text(text)
    with pytest.raises(PlatformError, match="remove it"):
        selection.load_selected(paths, {})


@pytest.mark.parametrize("text", ["[]", "{}", '{"code-server": 1}'])
def test_file_without_a_choice_is_none(paths: Paths, text: str) -> None:
    paths.root.mkdir()
    (paths.root / "editors.json").write_text(text)
    assert selection.load_selected(paths, {}) is None
