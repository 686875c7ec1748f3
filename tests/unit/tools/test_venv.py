"""tools.venv."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tools import uv, venv


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    monkeypatch.setattr(venv, "VENV", tmp_path)
    monkeypatch.setattr(venv, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(venv, "BUILD_LOCK", tmp_path / "requirements" / "build.txt")
    monkeypatch.setattr(uv, "fetch", lambda: Path("uv"))
    monkeypatch.setenv("KODE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "requirements").mkdir()
    for source in ("requirements/dev.txt", "requirements/local.txt", "requirements/build.txt"):
        (tmp_path / source).write_text("as locked")
    (tmp_path / "pyproject.toml").write_text("as declared")
    return tmp_path


@pytest.fixture
def locks(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The locks that were installed."""
    installed: list[str] = []

    def run(_: Path, *arguments: str | Path) -> None:
        if "sync" in arguments:
            installed.append(Path(arguments[-1]).name)

    monkeypatch.setattr(venv, "run", run)
    assert root.exists()
    return installed


def test_second_run_installs_nothing(locks: list[str]) -> None:
    assert venv.main([]) == 0
    assert venv.main([]) == 0
    assert locks == ["dev.txt"]


@pytest.mark.parametrize(
    "source", ["requirements/dev.txt", "requirements/build.txt", "pyproject.toml"]
)
def test_what_is_installed_from_a_changed_file_is_installed_again(
    source: str, root: Path, locks: list[str]
) -> None:
    venv.main([])
    (root / source).write_text("newer")
    venv.main([])
    assert locks == ["dev.txt", "dev.txt"]


@pytest.mark.usefixtures("root")
def test_two_at_once_install_once(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[str] = []

    def run(_: Path, *arguments: str | Path) -> None:
        commands.append(" ".join(map(str, arguments[:2])))
        time.sleep(0.1)

    monkeypatch.setattr(venv, "run", run)
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lambda _: venv.main([]), range(2))) == [0, 0]
    assert [command.split()[0] for command in commands] == ["venv", "pip", "pip"]


def test_contributors_have_what_one_machine_needs(locks: list[str]) -> None:
    assert venv.main(["local"]) == 0
    assert venv.main(["dev"]) == 0
    assert venv.main(["local"]) == 0
    assert locks == ["local.txt", "dev.txt"]


def test_the_larger_set_counts_only_as_it_is_locked_now(root: Path, locks: list[str]) -> None:
    venv.main(["dev"])
    (root / "requirements/dev.txt").write_text("newer")
    venv.main(["local"])
    assert locks == ["dev.txt", "local.txt"]
    venv.main(["dev"])
    assert locks == ["dev.txt", "local.txt", "dev.txt"]


@pytest.mark.usefixtures("root")
def test_failure_is_told_and_tried_again_next_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise subprocess.CalledProcessError(3, "uv")

    monkeypatch.setattr(venv, "run", fail)
    assert venv.main([]) == 3
    assert "uv says why" in capsys.readouterr().err
    assert not venv.is_current("dev")


@pytest.mark.usefixtures("root")
def test_without_an_installer_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Path:
        raise uv.NoInstallerError("this python3 has neither pip nor ensurepip")

    monkeypatch.setattr(uv, "fetch", fail)
    assert venv.main([]) == 1
    assert "neither pip nor ensurepip" in capsys.readouterr().err


def test_an_unknown_set_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert venv.main(["all"]) == 2
    assert "local, dev" in capsys.readouterr().err


def test_an_old_python_is_told_what_to_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(venv, "MIN_VERSION", (99, 0))
    assert venv.main([]) == 1
    assert "PYTHON=" in capsys.readouterr().err
