"""kode.platform.local.paths."""

import os
from pathlib import Path

import pytest

from kode.errors import PlatformError
from kode.platform.local import daemon_control
from kode.platform.local.paths import Paths
from kode.platform.local.platform import LocalPlatform


def test_kode_home_wins_over_xdg_and_xdg_over_home() -> None:
    own = {"HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": "/c"}
    assert Paths.of({"HOME": "/h"}).root == Path("/h/.local/share/kode")
    assert Paths.of(own) == Paths(Path("/d/kode"), Path("/c/kode"))
    assert Paths.of({**own, "KODE_HOME": "/x", "KODE_CACHE": "/y"}) == Paths(Path("/x"), Path("/y"))


def test_home_without_any_variable_is_the_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/of-the-account")
    assert Paths.of({}).root == Path("/of-the-account/.local/share/kode")


def test_everything_is_below_the_root() -> None:
    paths = Paths(Path("/r"), Path("/c"))
    below = (paths.store, paths.run, paths.logs, paths.volume("ns", "dev-home"))
    assert all(path.is_relative_to("/r") for path in (*below, paths.log("one")))
    assert paths.editors.is_relative_to("/c")
    assert paths.sockets == paths.run


def test_sockets_of_a_deep_root_still_fit() -> None:
    deep = Paths(Path("/" + "x" * 90), Path("/c"))
    other = Paths(Path("/" + "y" * 90), Path("/c"))
    assert len(os.fsencode(deep.sockets)) <= 46
    assert deep.sockets != other.sockets


def test_the_folder_of_sockets_is_the_same_for_every_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = Paths(Path("/" + "x" * 90), Path("/c"))
    before = deep.sockets
    monkeypatch.setenv("TMPDIR", "/else")
    assert deep.sockets == before


def test_a_folder_of_ones_own_is_taken_and_one_that_is_not_there(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "new"):
        Paths(root, tmp_path).check()
    tmp_path.chmod(0o775)
    Paths(tmp_path, tmp_path).check()


def test_a_folder_that_everybody_writes_in_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(PlatformError, match="every user of this machine"):
        Paths(tmp_path, tmp_path).check()


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives a folder away")
async def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 1234)
    paths = Paths(tmp_path, tmp_path)
    with pytest.raises(PlatformError, match="belongs to user 1234"):
        await LocalPlatform(paths).list("Kode")
    for verb in (
        daemon_control.start(paths, daemon_control.DaemonOptions(), print),
        daemon_control.stop(paths, print),
    ):
        with pytest.raises(PlatformError, match="belongs to user 1234"):
            await verb
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - in no thread
