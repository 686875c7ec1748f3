"""kode.gateway.login: what stands in a script, and what does not; the rest is in tests/envoy."""

import json

import pytest

from kode.gateway import cookies, listener, login, lua, translate
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.names import login_cookie

pytestmark = pytest.mark.attack

COOKIE, SESSION = login_cookie("dev", "team", "1"), "s" * 43
UPSTREAM = Upstream(8443, "/healthz")


def test_what_names_the_cookie_and_what_strips_it_agree() -> None:
    assert COOKIE.startswith(cookies.PREFIX)


def test_in_a_pod_the_value_stands_in_a_file_and_in_no_configuration() -> None:
    text = translate.dump(translate.bootstrap(Sidecar(AuthMode.BASIC, UPSTREAM, cookie=COOKIE)))
    assert "/etc/envoy/session" in text
    assert COOKIE in text
    given = Sidecar(AuthMode.BASIC, UPSTREAM, cookie=COOKIE, session=SESSION, socket="/run/x")
    assert SESSION in translate.dump(translate.bootstrap(given))
    assert SESSION not in repr(given)


def test_where_no_login_can_be_remembered_there_is_no_value() -> None:
    text = json.dumps(login.filters(Sidecar(AuthMode.BASIC, UPSTREAM, session=SESSION)))
    assert SESSION not in text
    assert "io.open" not in text


def test_only_behind_the_door_of_one_machine_is_asked_whose_a_connection_is() -> None:
    alone = Sidecar(AuthMode.BASIC, UPSTREAM, cookie=COOKIE)
    behind = Sidecar(AuthMode.BASIC, UPSTREAM, cookie=COOKIE, socket="/run/x")
    assert "/proc/net/tcp" not in json.dumps(login.filters(alone))
    assert "/proc/net/tcp" in json.dumps(login.filters(behind))


def test_a_value_is_no_code() -> None:
    text = 'x" .. os.exit() .. "\\\n\x7f ü'
    (line,) = lua.constants({"A": text}).splitlines()
    assert line == r'local A = "x\034 .. os.exit() .. \034\092\010\127 \195\188"'
    assert lua.constants({"N": 3}) == "local N = 3\n"


@pytest.mark.parametrize("door", AuthMode)
def test_the_guard_of_origins_is_the_last_before_the_editor(door: AuthMode) -> None:
    given = {"name": "own", "typed_config": {"@type": "type.googleapis.com/x"}}
    sidecar = Sidecar(door, UPSTREAM, http_filters=(given,), cookie=COOKIE)
    (chain,) = listener.http(sidecar)["filter_chains"]
    filters = chain["filters"][0]["typed_config"]["http_filters"]
    assert filters[-1] == listener.router()
    if door is AuthMode.DENY:
        assert len(filters) == 1
    else:
        assert filters[-3]["name"] == "own"
        assert "sec-fetch-user" in json.dumps(filters[-2])
