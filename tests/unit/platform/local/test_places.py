"""kode.platform.local.places."""

import os
from pathlib import Path

import pytest

from kode.platform.local.places import Places


def test_kode_home_wins_over_xdg_and_xdg_over_home() -> None:
    own = {"HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": "/c"}
    assert Places.of({"HOME": "/h"}).root == Path("/h/.local/share/kode")
    assert Places.of(own) == Places(Path("/d/kode"), Path("/c/kode"))
    assert Places.of({**own, "KODE_HOME": "/x", "KODE_CACHE": "/y"}) == Places(
        Path("/x"), Path("/y")
    )


def test_home_without_any_variable_is_the_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/of-the-account")
    assert Places.of({}).root == Path("/of-the-account/.local/share/kode")


def test_everything_is_below_the_root() -> None:
    places = Places(Path("/r"), Path("/c"))
    below = (places.store, places.run, places.logs, places.volume("ns", "dev-home"))
    assert all(path.is_relative_to("/r") for path in (*below, places.log("one")))
    assert places.editors.is_relative_to("/c")
    assert places.sockets == places.run


def test_sockets_of_a_deep_root_still_fit() -> None:
    deep = Places(Path("/" + "x" * 90), Path("/c"))
    other = Places(Path("/" + "y" * 90), Path("/c"))
    assert len(os.fsencode(deep.sockets)) < 70
    assert deep.sockets != other.sockets


def test_the_folder_of_sockets_is_the_same_for_every_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = Places(Path("/" + "x" * 90), Path("/c"))
    before = deep.sockets
    monkeypatch.setenv("TMPDIR", "/else")
    assert deep.sockets == before
