"""Requests of programs that mean no harm: the same answer as to the plain request."""

from collections.abc import Iterator

import pytest

from kode.gateway.sidecar import AuthMode
from tests.envoy import raw
from tests.envoy.server import Running
from tests.envoy.sidecars import COOKIE, SESSION, login, sidecar

OFFERS = [
    "TLS/1.2",
    "TLS/1.0, HTTP/1.1",
    "h2c",
    "H2C",
    "HTTP/2.0",
    "HTTP/3.0, h2c",
    "IRC/6.9, RTA/x11",
    "foo",
    "w",
    "websocke",
    "websockets",
    "xwebsocket",
    "connect-udp",
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sidecar that asks for user and password."""
    with sidecar(tmp_path_factory.mktemp("harmless")) as running:
        yield running


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize(
    "connection", ["Upgrade", "keep-alive, upgrade", "upgrade, HTTP2-Settings"]
)
def test_an_offer_that_is_not_taken_is_passed_over(
    found: Running, offer: str, connection: str
) -> None:
    lines = (f"Connection: {connection}", f"Upgrade: {offer}", "HTTP2-Settings: AAMAAABk")
    for method in ("GET", "POST"):
        line = f"{method} / HTTP/1.1"
        length = ("Content-Length: 0",) if method == "POST" else ()
        assert raw.ask(found.port, *lines, *length, line=line).status == 401
        for known in (login(), f"Cookie: {COOKIE}={SESSION}"):
            answer = raw.ask(found.port, known, *lines, *length, line=line)
            assert answer.status == 200
            assert "upgrade" not in answer.seen


@pytest.mark.parametrize("word", ["websocket", "WebSocket", "WEBSOCKET"])
def test_a_websocket_goes_on_as_it_does(found: Running, word: str) -> None:
    lines = ("Connection: Upgrade", f"Upgrade: {word}", "Sec-WebSocket-Version: 13")
    asked = ["GET /socket HTTP/1.1", "Host: editor", login(), *lines]
    # The small editor knows one spelling; the sidecar forwards each as what it is.
    assert raw.send(found.port, asked, then=b"a word\n").status == (
        101 if word == "websocket" else 200
    )
    assert raw.send(found.port, [it for it in asked if it != login()]).status == 401


@pytest.mark.parametrize("host", ["editor", ""])
def test_http_1_0_is_answered(found: Running, host: str) -> None:
    line = "GET / HTTP/1.0"
    assert raw.ask(found.port, line=line, host=host).status == 401
    for known in (login(), f"Cookie: {COOKIE}={SESSION}"):
        answer = raw.ask(found.port, known, line=line, host=host)
        assert (answer.status, answer.seen["host"]) == (200, host or "localhost")
    assert raw.ask(found.port, login(), line="POST / HTTP/1.0", host=host).status == 200


@pytest.mark.parametrize("auth_mode", AuthMode)
def test_every_kind_of_sidecar_answers_them_as_the_plain_request(
    auth_mode: AuthMode, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with sidecar(tmp_path_factory.mktemp(auth_mode.value), auth_mode) as running:
        plain = raw.ask(running.port, login()).status
        assert raw.ask(running.port, login(), line="GET / HTTP/1.0").status == plain
        offer = ("Connection: Upgrade", "Upgrade: TLS/1.2")
        assert raw.ask(running.port, login(), *offer).status == plain


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic"])
def test_a_filter_of_an_administrators_reads_the_scheme_in_any_case(
    scheme: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("filters")
    filters = "type.googleapis.com/envoy.extensions.filters.http"
    asks = {
        "name": "envoy.filters.http.basic_auth",
        "typed_config": {
            "@type": f"{filters}.basic_auth.v3.BasicAuth",
            "users": {"filename": str(folder / "htpasswd")},
        },
    }
    with sidecar(folder, AuthMode.FILTERS, http_filters=(asks,)) as running:
        given = login().replace("Basic", scheme)
        assert raw.ask(running.port).status == 401
        assert raw.ask(running.port, given).status == 200
        # It asks each time: only the sidecar's own login is remembered.
        assert raw.ask(running.port, f"Cookie: {COOKIE}={SESSION}").status == 401
