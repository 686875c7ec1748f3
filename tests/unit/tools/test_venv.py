"""tools.venv."""

import sys
from pathlib import Path

import pytest

from tools import venv


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    monkeypatch.setattr(venv, "VENV", tmp_path)
    monkeypatch.setattr(venv, "PYTHON", Path(sys.executable))
    (tmp_path / "requirements").mkdir()
    for source, _ in venv.STEPS:
        (tmp_path / source).write_text("as locked")
    return tmp_path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    calls: list[list[str]] = []

    def install(arguments: list[str]) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr(venv, "install", install)
    return calls


def test_second_run_installs_nothing(root: Path, installed: list[list[str]]) -> None:
    assert venv.main() == 0
    assert installed == [venv.LOCKED, venv.ITSELF]
    assert venv.main() == 0
    assert len(installed) == len(venv.STEPS)
    assert root.exists()


def test_changed_lock_is_installed_again(root: Path, installed: list[list[str]]) -> None:
    venv.main()
    (root / "requirements/dev.txt").write_text("newer")
    venv.main()
    assert installed[2:] == [venv.LOCKED]


def test_failure_is_tried_again_next_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venv, "install", lambda _: 3)
    assert venv.main() == 3
    assert not venv.current("requirements/dev.txt")
    assert root.exists()


@pytest.mark.usefixtures("root")
def test_python_without_ensurepip_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(venv, "PYTHON", Path("absent"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert venv.main() == 1
    assert "make deps" in capsys.readouterr().err
