"""kode.platform.local.words."""

from pathlib import Path

import pytest

from kode.platform.local.plan.words import expanded, moved


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("$(A)/x$(B)", "1/x2"),
        ("$$(A)", "$(A)"),
        ("$$", "$"),
        ("$(NONE) $A $", "$(NONE) $A $"),
        ("$$$(A)", "$1"),
        ("$(A", "$(A"),
        ("", ""),
    ],
)
def test_references_are_what_kubernetes_makes_of_them(text: str, becomes: str) -> None:
    assert expanded(text, {"A": "1", "B": "2"}) == becomes


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("/config", "/v"),
        ("/config/a b", "/v/a b"),
        ("ls /config;cd '/config/x'", "ls /v;cd '/v/x'"),
        ("--dir=/config", "--dir=/v"),
        ("/usr/bin:/config/bin", "/usr/bin:/v/bin"),
        ("/configuration", "/configuration"),
        ("/config.d /config-x", "/config.d /config-x"),
        ("$HOME/config", "$HOME/config"),
        ("${HOME}/config ~/config ./config", "${HOME}/config ~/config ./config"),
        ("https://a.example/config", "https://a.example/config"),
        ("/etc/config", "/etc/config"),
    ],
)
def test_paths_of_the_home_move_and_nothing_else(text: str, becomes: str) -> None:
    assert moved(text, "/config", Path("/v")) == becomes


def test_folder_with_a_backslash_stands_as_it_is() -> None:
    assert moved("/config", "/config", Path(r"/v\1")) == r"/v\1"
