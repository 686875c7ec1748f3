"""kode.platform.local.editors.choice."""

from pathlib import Path

import pytest

from kode.errors import InvalidSpec, PlatformError
from kode.platform.local.editors import choice
from kode.platform.local.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "root", tmp_path / "cache")


def program(folder: Path, name: str = "code-server") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_what_lies_on_the_path_is_not_taken_unasked(places: Places, tmp_path: Path) -> None:
    assert choice.chosen(places, {"PATH": str(program(tmp_path / "bin").parent)}) is None


def test_variable_wins_over_what_was_remembered(places: Places, tmp_path: Path) -> None:
    one, two = program(tmp_path / "one"), program(tmp_path / "two")
    choice.remember(places, one)
    remembered = choice.chosen(places, {})
    by_variable = choice.chosen(places, {"KODE_CODE_SERVER": str(two)})
    assert remembered
    assert by_variable
    assert (remembered.argv, by_variable.argv) == ((str(one),), (str(two),))
    assert remembered.root is None


def test_choice_is_taken_back(places: Places, tmp_path: Path) -> None:
    choice.remember(places, program(tmp_path / "bin"))
    choice.remember(places, None)
    choice.remember(places, None)
    assert choice.chosen(places, {}) is None


def test_name_is_looked_up_once(tmp_path: Path) -> None:
    file = program(tmp_path / "bin")
    assert choice.resolve("code-server", {"PATH": str(file.parent)}) == file
    with pytest.raises(InvalidSpec, match="not a program"):
        choice.resolve("code-server", {"PATH": str(tmp_path)})


def test_choice_that_is_gone_is_told(places: Places, tmp_path: Path) -> None:
    file = program(tmp_path / "bin")
    choice.remember(places, file)
    file.unlink()
    with pytest.raises(PlatformError, match="kode editors use --own"):
        choice.chosen(places, {})
    with pytest.raises(PlatformError, match="KODE_CODE_SERVER"):
        choice.chosen(places, {"KODE_CODE_SERVER": "/none"})


@pytest.mark.parametrize("text", ["{", "\x00"])
def test_broken_file_is_told(places: Places, text: str) -> None:
    places.root.mkdir()
    (places.root / "editors.json").write_text(text)
    with pytest.raises(PlatformError, match="remove it"):
        choice.chosen(places, {})


@pytest.mark.parametrize("text", ["[]", "{}", '{"code-server": 1}'])
def test_file_without_a_choice_is_none(places: Places, text: str) -> None:
    places.root.mkdir()
    (places.root / "editors.json").write_text(text)
    assert choice.chosen(places, {}) is None
