"""A login is remembered by a cookie: by whom it is had, what it opens, and who sees it."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from kode.gateway.login import MAX_WRONG
from kode.render.resolve import Credentials
from kode.render.secret import encode, htpasswd, parse_login_secret
from tests.envoy import raw
from tests.envoy.server import Running
from tests.envoy.sidecars import COOKIE, PASSWORD, SESSION, USER, login, sidecar, token

pytestmark = pytest.mark.attack

RIGHT = f"Cookie: {COOKIE}={SESSION}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sidecar that asks for user and password and remembers who had them."""
    with sidecar(tmp_path_factory.mktemp("login")) as found:
        yield found


def test_who_logs_in_is_handed_a_cookie_for_this_host_that_no_script_reads(
    running: Running,
) -> None:
    (cookie,) = raw.ask(running.port, login()).all("set-cookie")
    assert cookie == f"{COOKIE}={SESSION}; Path=/; HttpOnly; SameSite=Strict"


@pytest.mark.parametrize("protocol", ["https", "http"])
def test_behind_tls_the_cookie_is_for_tls_alone(running: Running, protocol: str) -> None:
    (cookie,) = raw.ask(running.port, login(), f"X-Forwarded-Proto: {protocol}").all("set-cookie")
    assert ("; Secure" in cookie) == (protocol == "https")
    forged = raw.ask(running.port, login(), "X-Kode-Protocol: https")
    assert "Secure" not in forged.all("set-cookie")[0]
    assert "x-kode-protocol" not in forged.seen


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (login(password="wrong"),),
        (login(user="other"),),
        (login(user="\x7f", password="wrong"),),
        ("Authorization: Basic !",),
        ("Authorization: Bearer x",),
        (f"Cookie: {COOKIE}=",),
        (f"Cookie: {COOKIE}",),
        (f"Cookie: {COOKIE}={SESSION[:-1]}",),
        (f"Cookie: {COOKIE}={SESSION}x",),
        (f"Cookie: x{COOKIE}={SESSION}",),
        (f"Cookie: {COOKIE}x={SESSION}",),
        (f"Cookie: kode-login-fedcba9876543210={SESSION}",),
        (f"Cookie: a={COOKIE}={SESSION}",),
        (f"Cookie: {COOKIE.upper()}={SESSION}",),
        (f"Cookie: {COOKIE}={SESSION.upper()}",),
        (f"X-Cookie: {COOKIE}={SESSION}",),
        (RIGHT, login(password="wrong")),
    ],
)
def test_strangers_are_asked_and_handed_no_cookie(running: Running, lines: tuple[str, ...]) -> None:
    for answer in (raw.ask(running.port, *lines), raw.websocket(running.port, *lines)):
        assert answer.status == 401
        assert answer.all("www-authenticate")
        assert not answer.all("set-cookie")
        assert SESSION.encode() not in answer.body


@pytest.mark.parametrize(
    "lines",
    [
        (RIGHT,),
        (f"Cookie: a=1; {COOKIE}={SESSION}; b=2",),
        (f"Cookie: a=1;{COOKIE}={SESSION};b=2",),
        ("Cookie: a=1", RIGHT),
        # Somebody else's page of the same host may have put one there.
        (f"Cookie: {COOKIE}=old; {COOKIE}={SESSION}",),
        (RIGHT, login()),
    ],
)
def test_with_the_cookie_a_websocket_wants_no_authorization(
    running: Running, lines: tuple[str, ...]
) -> None:
    answer = raw.websocket(running.port, *lines, "Origin: http://editor")
    assert (answer.status, answer.body) == (101, b"heard a word\n")
    page = raw.ask(running.port, *lines)
    assert page.status == 200
    assert not page.all("set-cookie")


def test_the_editor_sees_neither_password_nor_cookie(running: Running) -> None:
    other = "kode-login-fedcba9876543210=of-another-kode"
    lines = (f"Cookie: a=1; {COOKIE}={SESSION}; {other}; b=2", login())
    for given in (lines, lines[:1]):
        seen = raw.ask(running.port, *given).seen
        assert seen["cookie"] == "a=1; b=2"
        assert not {"authorization", "x-kode-protocol", "x-kode-connection"} & seen.keys()
    assert "cookie" not in raw.ask(running.port, RIGHT).seen
    assert raw.ask(running.port, login(), "Cookie: a=1;b=2").seen["cookie"] == "a=1;b=2"


def test_a_token_for_a_program_behind_reaches_it_where_the_cookie_opens(running: Running) -> None:
    assert (
        raw.ask(running.port, RIGHT, "Authorization: Bearer x").seen["authorization"] == "Bearer x"
    )
    assert raw.ask(running.port, "Authorization: Bearer x").status == 401


def test_an_editor_with_a_lock_gets_its_own_key_however_the_login_was_proved(
    tmp_path: Path,
) -> None:
    with sidecar(tmp_path, authorization="Basic its-own") as found:
        for lines in ((login(),), (RIGHT,), (RIGHT, login()), (RIGHT, "Authorization: Bearer x")):
            assert raw.ask(found.port, *lines).seen["authorization"] == "Basic its-own"
            assert raw.websocket(found.port, *lines).status == 101
        assert raw.websocket(found.port).status == 401


def test_a_new_password_ends_every_remembered_login(tmp_path: Path) -> None:
    with sidecar(tmp_path, session=(new := "n" * 43), users=_users("new", new)) as found:
        assert raw.ask(found.port, RIGHT).status == 401
        (cookie,) = raw.ask(found.port, RIGHT, login(password="new")).all("set-cookie")
        assert cookie.startswith(f"{COOKIE}={new};")
        assert raw.websocket(found.port, f"Cookie: {cookie.split(';')[0]}").status == 101


def test_without_a_value_nothing_is_remembered_and_who_knows_the_password_comes_in(
    tmp_path: Path,
) -> None:
    with sidecar(tmp_path, session_file=str(tmp_path / "none"), users=_users(PASSWORD)) as found:
        answer = raw.ask(found.port, login())
        assert (answer.status, answer.all("set-cookie")) == (200, [])
        for value in ("", "nil", "false"):
            assert raw.ask(found.port, f"Cookie: {COOKIE}={value}").status == 401


def test_wrong_passwords_are_limited_and_who_had_the_right_one_notices_nothing(
    tmp_path: Path,
) -> None:
    with sidecar(tmp_path) as found:
        # A program that repeats itself guesses nothing.
        for _ in range(MAX_WRONG * 2):
            assert raw.ask(found.port, login(password="old")).status == 401
        assert raw.ask(found.port, login()).status == 200
        guesses = [raw.ask(found.port, login(password=f"{it}")) for it in range(MAX_WRONG * 2)]
        assert [it.status for it in guesses[: MAX_WRONG - 1]] == [401] * (MAX_WRONG - 1)
        limited = guesses[-1]
        assert limited.status == 429
        assert b"Too many wrong passwords" in limited.body
        assert limited.all("retry-after")
        # Nobody finds out meanwhile whether a guess is right.
        assert raw.ask(found.port, login()).status == 429
        assert not raw.ask(found.port, login()).all("set-cookie")
        for lines in ((RIGHT,), (RIGHT, login()), (RIGHT, login(password="wrong"))):
            assert raw.ask(found.port, *lines).status == 200
            assert raw.websocket(found.port, *lines).status == 101
        # Who says nothing guesses nothing, and is asked.
        assert raw.ask(found.port).status == 401


def test_after_a_while_one_more_password_may_be_tried(tmp_path: Path) -> None:
    with sidecar(tmp_path, change=_hurry) as found:
        guesses = (raw.ask(found.port, login(password=f"{it}")).status for it in count())
        assert next(it for it in guesses if it != 401) == 429
        answers = iter(lambda: raw.ask(found.port, login()).status, None)
        assert next(it for it in answers if it != 429) == 200


def test_a_websocket_that_is_open_goes_on_while_passwords_are_guessed(tmp_path: Path) -> None:
    with sidecar(tmp_path) as found, raw.opened(found.port, RIGHT) as line:
        for number in range(MAX_WRONG * 2):
            raw.ask(found.port, login(password=f"{number}"))
        line.sendall(b"a word\n")
        assert line.recv(4096) == b"heard a word\n"


def test_the_scheme_counts_in_any_case_of_letters(running: Running) -> None:
    for scheme in ("basic", "BASIC", "bAsIc", "Basic"):
        assert raw.ask(running.port, f"Authorization: {scheme} {token()}").status == 200
        assert raw.websocket(running.port, f"Authorization: {scheme} {token()}").status == 101
        wrong = token(password="wrong of any case")
        assert raw.ask(running.port, f"Authorization: {scheme} {wrong}").status == 401
    for other in ("basics", "Basic:", "", "Basic,"):
        assert raw.ask(running.port, f"Authorization: {other} {token()}").status == 401
    twice = (f"Authorization: basic {token()}", f"authorization: basic {token(USER, 'no')}")
    for lines in (twice, twice[::-1]):
        assert raw.ask(running.port, *lines).status == 401


@pytest.mark.parametrize(
    "name", ["abc#", " abc", "a b", "{SHA}", "ünï", "💥", "'\"\\", "a" * 200, "=", "%41", "-"]
)
def test_whatever_username_a_secret_may_hold_opens(tmp_path: Path, name: str) -> None:
    secret = {"data": {"password": encode(PASSWORD), "username": encode(name)}}
    users = htpasswd(parse_login_secret(secret, "login", None), SESSION)
    with sidecar(tmp_path, users=users) as found:
        assert raw.ask(found.port, login(user=name)).status == 200
        assert raw.ask(found.port, login()).status == 401
        assert raw.ask(found.port, RIGHT).status == 200


def _users(password: str, session: str = "") -> str:
    return htpasswd(Credentials(USER, password, "dev-auth"), session)


def _hurry(config: dict[str, object]) -> None:
    """Give a turn a second, where it is one in some."""
    (listener, *_) = config["static_resources"]["listeners"]  # type: ignore[index]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    source = manager["http_filters"][0]["typed_config"]["default_source_code"]
    text, changes = re.subn(
        r"SECONDS_PER_WRONG = \d+", "SECONDS_PER_WRONG = 1", source["inline_string"]
    )
    assert changes == 1
    source["inline_string"] = text
