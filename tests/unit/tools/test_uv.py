"""tools.uv."""

import importlib.util
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import uv


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KODE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def wheel_of(script: str) -> Callable[[Path], Path]:
    """Return a download that brings a wheel with this program in it."""

    def download(folder: Path) -> Path:
        wheel = folder / "uv-1-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("uv-1.data/scripts/uv", script)
            archive.writestr("uv-1.data/scripts/uvx", "")
        return wheel

    return download


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Have this Python lack some modules."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name in modules else found(name)
    )


def test_it_is_fetched_once(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(uv, "download", wheel_of("#!/bin/sh\nexit 0\n"))
    program = uv.fetch()
    assert program.parent == cache / "bin"
    monkeypatch.setattr(uv, "download", None)
    assert uv.fetch() == program
    assert list(program.parent.iterdir()) == [program]


def test_one_that_broke_in_the_cache_is_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv, "download", wheel_of("#!/bin/sh\nexit 0\n"))
    program = uv.fetch()
    program.write_text("#!/bin/sh\nexit 1\n")
    assert uv.runs(uv.fetch())


def test_one_that_does_not_run_here_is_told_and_not_kept(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(uv, "download", wheel_of("#!/bin/sh\nexit 1\n"))
    with pytest.raises(uv.NoInstallerError, match="does not run on this machine"):
        uv.fetch()
    assert list((cache / "bin").iterdir()) == []


def test_where_there_is_no_pip_the_one_of_a_new_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without(monkeypatch, "pip")
    made: list[list[object]] = []
    monkeypatch.setattr("subprocess.run", lambda command, **_: made.append(command))
    monkeypatch.setattr(uv, "install_ensurepip", lambda: True)
    command = uv.pip(tmp_path)
    assert command == [str(tmp_path / "pip" / "bin" / "python"), "-m", "pip"]
    assert made == [[sys.executable, "-m", "venv", tmp_path / "pip"]]


def test_without_pip_and_ensurepip_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without(monkeypatch, "pip", "ensurepip")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(uv.NoInstallerError, match="apt-get install python3-venv"):
        uv.pip(tmp_path)


def test_root_of_a_debian_has_it_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without(monkeypatch, "pip", "ensurepip")
    asked: list[list[str]] = []

    def install(packages: list[str], _: object) -> int:
        asked.append(packages)
        monkeypatch.undo()
        return 0

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr("tools.deps.install", install)
    if importlib.util.find_spec("venv"):
        assert uv.install_ensurepip() == (importlib.util.find_spec("ensurepip") is not None)
    assert asked == [["python3-venv"]]
    assert tmp_path.exists()
