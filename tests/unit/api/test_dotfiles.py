"""kode.api.dotfiles."""

import re
from typing import Any

import pytest

from kode.api import crd
from kode.errors import InvalidSpec
from tests.documents import kode

pytestmark = pytest.mark.attack

URLS = [
    "https://example.org/me/dotfiles.git",
    "http://example.org:8080/x?y=z",
    "ssh://git@example.org:22/me/x",
    "git://10.0.0.1/x",
    "https://[::1]:8443/x",
    "https://example.org/@me/x@y",
    "git@example.org:me/dotfiles.git",
    "me@example.org:~/x",
    "file:///srv/git/x.git",
]
NO_URLS = [
    "",
    "-u./payload",
    "--upload-pack=x",
    "ext::sh -c x",
    "ext::x",
    "https://",
    "https://-oProxyCommand=x/y",
    "ssh://-oProxyCommand=x/y",
    "ssh://-x@example.org/y",
    "https://me:secret@example.org/x",
    "https://ghp_token@example.org/x",
    "http://token@example.org:8080/x",
    "git://me@example.org/x",
    "ssh://me:secret@example.org/x",
    "git@-oProxyCommand=x:y",
    "git@example.org:-x",
    "example.org/x",
    "/srv/git",
    "file://srv/x",
    "ftp://example.org/x",
    "https://example.org/a b",
    "https://example.org/a\n",
    "https://example.org/\x1b[0m",
]


@pytest.mark.parametrize("url", URLS)
def test_url_of_git_is_taken(url: str) -> None:
    assert kode(userConfig=url).spec.user_config == url


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidSpec, match=r"spec\.(userConfig|dotfiles\.repository): must "):
        kode(dotfiles={"repository": url})


def test_api_server_judges_by_the_same_pattern() -> None:
    (schema,) = (
        version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["userConfig"]
        for definition in crd.definitions()
        if definition["spec"]["names"]["kind"] == "Kode"
        for version in definition["spec"]["versions"]
    )
    pattern = re.compile(schema["pattern"].removesuffix("$"))
    assert all(pattern.fullmatch(url) for url in URLS)
    assert not any(pattern.fullmatch(url) for url in NO_URLS)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"dotfiles": {}}, "spec.dotfiles.repository: required"),
        ({"dotfiles": {"repository": URLS[0], "ref": "-f"}}, "spec.dotfiles.ref: must match"),
        ({"dotfiles": {"repository": URLS[0], "ref": "a b"}}, "spec.dotfiles.ref: must match"),
        ({"dotfiles": {"repository": URLS[0], "install": "\0"}}, "spec.dotfiles.install: must "),
        (
            {"dotfiles": {"repository": URLS[0]}, "userConfig": URLS[0]},
            "spec: userConfig is short for dotfiles.repository: set one of them",
        ),
    ],
)
def test_wrong_field_is_named(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        kode(**spec)
    assert str(caught.value).startswith(message)
