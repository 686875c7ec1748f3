"""kode.render.secret."""

import base64
from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.errors import InvalidSpec, RefNotFound
from kode.render.resolve import Credentials
from kode.render.secret import decode, encode, htpasswd, kept_session, parse_login_secret
from tests.documents import credentials, kode, secret_document

pytestmark = pytest.mark.attack


def test_htpasswd_is_the_one_form_that_envoy_reads() -> None:
    # printf devpassword | openssl dgst -sha1 -binary | base64
    assert htpasswd(credentials()) == "devuser:{SHA}T0lEpxF/0ulRadorQK8ztoploWE=\n"


def test_a_remembered_login_is_a_user_of_its_own_that_nobody_can_be() -> None:
    person, remembered = htpasswd(credentials(), "s" * 43).splitlines()
    assert person == htpasswd(credentials()).strip()
    user = remembered.partition(":")[0]
    assert "s" * 8 not in remembered
    with pytest.raises(RefNotFound, match="username must be one line"):
        parse_login_secret(secret_document("login", password="p", username=user), "login", None)
    with pytest.raises(InvalidSpec):
        kode(user=user, password="p")


@pytest.mark.parametrize(
    ("file", "session", "kept"),
    [
        (htpasswd(credentials(), "s" * 43), "s" * 43, True),
        (htpasswd(credentials(), "s" * 43), "t" * 43, False),
        (htpasswd(Credentials("other", "devpassword", "x"), "s" * 43), "s" * 43, False),
        (htpasswd(Credentials("devuser", "other", "x"), "s" * 43), "s" * 43, False),
        (htpasswd(credentials(), "short"), "short", False),
        (htpasswd(credentials()), "", False),
        ("", "", False),
    ],
)
def test_a_remembered_login_is_kept_as_long_as_user_and_password_are(
    file: str, session: str, *, kept: bool
) -> None:
    assert kept_session(file, session, credentials()) is kept


@pytest.mark.parametrize("text", ["", "devpassword", "åäö 💥"])
def test_decode_gives_what_was_encoded(text: str) -> None:
    assert decode({"data": {"key": encode(text)}}, "key") == text


@pytest.mark.parametrize(
    "secret",
    [
        None,
        {},
        {"data": None},
        {"data": {}},
        {"data": {"key": 1}},
        {"data": {"key": "not base64!"}},
        {"data": {"key": base64.b64encode(b"\xff").decode()}},
    ],
)
def test_what_cannot_be_decoded_is_empty(secret: dict[str, Any] | None) -> None:
    assert decode(secret, "key") == ""


@pytest.mark.parametrize(
    ("texts", "user", "found"),
    [
        ({"password": "p"}, None, "abc"),
        ({"password": "p", "username": "alice"}, None, "alice"),
        ({"password": "p", "username": "alice"}, "bob", "bob"),
    ],
)
def test_user_of_the_kode_wins_over_the_secrets(
    texts: dict[str, str], user: str | None, found: str
) -> None:
    login = parse_login_secret(secret_document("login", **texts), "login", user)
    assert (login.user, login.password, login.secret) == (found, "p", "login")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({}, "Secret login needs the key password with one line of text"),
        ({"password": ""}, "Secret login needs the key password with one line of text"),
        ({"password": "two\nlines"}, "Secret login needs the key password with one line of text"),
        ({"password": "x" * 4097}, "Secret login needs the key password with one line of text"),
        ({"password": "p", "username": "a:b"}, "Secret login: username must be one line without"),
        ({"password": "p", "username": "a\n"}, "Secret login: username must be one line without"),
        ({"password": "p", "username": "a\r"}, "Secret login: username must be one line without"),
        ({"password": "p", "username": "a\x00"}, "Secret login: username must be one line without"),
        ({"password": "p", "username": ""}, "Secret login: username must be one line without"),
        ({"password": "p", "username": "#abc"}, "does not begin with #"),
        ({"password": "p", "username": "#"}, "does not begin with #"),
    ],
)
def test_secret_without_a_usable_login_is_refused(texts: dict[str, str], message: str) -> None:
    with pytest.raises(RefNotFound, match=message) as caught:
        parse_login_secret(secret_document("login", **texts), "login", None)
    assert caught.value.reason is Reason.SECRET_INVALID
    assert "two" not in str(caught.value)


def test_a_username_that_is_no_text_is_refused_and_not_taken_for_none() -> None:
    secret = secret_document("login", password="p")
    secret["data"]["username"] = base64.b64encode(b"\xff").decode()
    with pytest.raises(RefNotFound, match="username must be one line"):
        parse_login_secret(secret, "login", None)
    assert parse_login_secret(secret, "login", "me").user == "me"
