"""kode.platform.local.runtime.substitution."""

from pathlib import Path

import pytest

from kode.platform.local.runtime.substitution import rewrite_home_paths


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
    assert rewrite_home_paths(text, "/config", Path("/v")) == becomes


def test_folder_with_a_backslash_stands_as_it_is() -> None:
    assert rewrite_home_paths("/config", "/config", Path(r"/v\1")) == r"/v\1"
