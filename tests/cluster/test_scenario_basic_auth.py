"""Scenario 2: the sidecar asks for user and password, as an EnvoyProxyClusterConfig says."""

from collections.abc import Iterator

import pytest

from tests.cluster.documents import PASSWORD, USER
from tests.cluster.door import Door
from tests.cluster.place import Place

NAME = "secure-code-server"
LOGIN = (USER, PASSWORD)


@pytest.fixture(scope="module", autouse=True)
def _running(scenarios: Place) -> None:
    scenarios.ready(NAME)


@pytest.fixture
def door(scenarios: Place) -> Iterator[Door]:
    with scenarios.door(NAME) as found:
        yield found


def test_without_a_password_everything_is_refused(door: Door) -> None:
    for where in ("/", "/login", "/healthz", "/ready", "/live", "/?folder=/config", "/static/x"):
        answer = door.get(where)
        assert answer.status_code == 401, where
        assert answer.headers["www-authenticate"].lower().startswith("basic")
        assert "workbench" not in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        (USER, "wrong"),
        (USER, ""),
        ("", PASSWORD),
        ("DEVUSER", PASSWORD),
        ("abc", PASSWORD),
        (USER, f"{PASSWORD} "),
        ("devuser:devpassword", ""),
    ],
)
def test_a_wrong_login_is_refused(door: Door, wrong: tuple[str, str]) -> None:
    assert door.status("/", login=wrong) == 401


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!!", "Bearer devpassword", "basic Og=="])
def test_a_strange_header_is_refused(door: Door, header: str) -> None:
    assert door.get("/", authorization=header).status_code == 401


def test_the_login_opens_the_editor_without_a_second_one(door: Door) -> None:
    page = door.get("/?folder=/config/my-secure-project", login=LOGIN)
    assert page.status_code == 200
    assert "workbench" in page.text


def test_a_websocket_opens_only_with_the_login(door: Door) -> None:
    assert door.socket() == 401
    assert door.socket(login=(USER, "wrong")) == 401
    assert door.socket(login=LOGIN) == 101
    assert door.talk(login=LOGIN)["type"] == "sign"


def test_a_login_is_remembered_for_browsers_that_do_not_repeat_it(door: Door) -> None:
    given = door.get("/", login=LOGIN).headers["set-cookie"]
    cookie, _, rest = given.partition("; ")
    assert rest == "Path=/; HttpOnly; SameSite=Strict"
    page = door.get("/?folder=/config/my-secure-project", cookie=cookie)
    assert page.status_code == 200
    assert "workbench" in page.text
    assert door.socket(cookie=cookie) == 101
    assert door.talk(cookie=cookie)["type"] == "sign"
    for other in (f"{cookie}x", cookie.partition("=")[0], f"x{cookie}"):
        assert door.get("/", cookie=other).status_code == 401
        assert door.socket(cookie=other) == 401


def test_another_origins_page_gets_nothing_with_the_persons_own_login(door: Door) -> None:
    for origin in ("http://evil.test", f"{door.base}:8080", "null"):
        assert door.socket(login=LOGIN, origin=origin) == 403
        assert door.get("/", login=LOGIN, origin=origin).status_code == 403
    led = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    led |= {"sec-fetch-dest": "document", "sec-fetch-user": "?1"}
    answer = door.get("/?folder=/config", login=LOGIN, **led)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert door.get("/", login=LOGIN, **led).status_code == 200


def test_the_editor_never_sees_the_password(scenarios: Place) -> None:
    variables = scenarios.exec(NAME, "cat", "/proc/1/environ")
    assert "CODE_SERVER_HOST=127.0.0.1" in variables
    assert PASSWORD not in variables


def test_the_password_is_moved_into_the_secret(scenarios: Place) -> None:
    assert "password" not in scenarios.get("Kode", NAME)["spec"]
    assert scenarios.get("Secret", f"{NAME}-auth")["data"]["username"] == "ZGV2dXNlcg=="
