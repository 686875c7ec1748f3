"""What pages of other origins get of a sidecar, with the person's own login sent along."""

from collections.abc import Iterator

import pytest

from kode.gateway.sidecar import AuthMode
from tests.envoy import raw
from tests.envoy.server import Running
from tests.envoy.sidecars import COOKIE, SESSION, login, sidecar

pytestmark = pytest.mark.attack

HOST = "dev.team.test"
ALONG = (login(), f"Cookie: {COOKIE}={SESSION}")
"""What a browser sends along whoever asks."""
NAVIGATE = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

FOREIGN = [
    ("Origin: http://other.team.test",),
    ("Origin: http://evil.test",),
    ("Origin: http://dev.team.test:8080",),
    ("Origin: http://dev.team.test.evil.test",),
    ("Origin: http://xdev.team.test",),
    ("Origin: ftp://dev.team.test",),
    ("Origin: dev.team.test",),
    ("Origin: http://dev.team.test:443",),
    ("Origin: https://dev.team.test:80",),
    ("Origin: null",),
    ("Origin: http://dev.team.test", "Origin: http://evil.test"),
    ("Origin: http://dev.team.test", "Sec-Fetch-Site: cross-site"),
    ("Origin: http://evil.test", "Sec-Fetch-Site: same-origin"),
    ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"),
    ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty"),
    ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"),
    ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: frame"),
    ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: object"),
    ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: websocket", "Sec-Fetch-Dest: websocket"),
    ("Sec-Fetch-Site: something-new",),
]
OURS = [
    (),
    ("Origin: http://dev.team.test",),
    ("Origin: https://dev.team.test",),
    ("Origin: HTTPS://Dev.Team.Test",),
    ("Origin: http://dev.team.test", "Sec-Fetch-Site: same-origin"),
    ("Origin: null", "Sec-Fetch-Site: same-origin"),
    ("Sec-Fetch-Site: none", *NAVIGATE, "Sec-Fetch-User: ?1"),
    ("Sec-Fetch-Site: same-origin", *NAVIGATE),
]


@pytest.fixture(scope="module", params=[AuthMode.BASIC, AuthMode.FILTERS])
def found(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A sidecar of each kind that lets anybody in."""
    with sidecar(tmp_path_factory.mktemp("origins"), request.param) as running:
        yield running


@pytest.mark.parametrize("lines", FOREIGN, ids=" ".join)
def test_what_another_origin_asks_for_is_refused(found: Running, lines: tuple[str, ...]) -> None:
    for method in METHODS:
        line = f"{method} /api/run HTTP/1.1"
        answer = raw.ask(found.port, *ALONG, *lines, line=line, host=HOST)
        assert answer.status == 403, method
        assert b"another origin" in answer.body or method == "HEAD"
    assert raw.websocket(found.port, *ALONG, *lines, host=HOST).status == 403


@pytest.mark.parametrize("lines", OURS, ids=" ".join)
def test_what_its_own_pages_and_programs_ask_for_gets_through(
    found: Running, lines: tuple[str, ...]
) -> None:
    for line in ("GET /x?y=z HTTP/1.1", "POST /api/run HTTP/1.1"):
        assert raw.ask(found.port, *ALONG, *lines, line=line, host=HOST).status == 200
    assert raw.websocket(found.port, *ALONG, *lines, host=HOST).status == 101


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:18081", "http://127.0.0.1:18081", 101),
        ("127.0.0.1:18081", "http://127.0.0.1:18082", 403),
        ("127.0.0.1:18081", "http://127.0.0.1", 403),
        ("127.0.0.1:18081", "http://localhost:18081", 403),
        ("[::1]:18081", "http://[::1]:18081", 101),
        ("[::1]:18081", "http://[::1]:18082", 403),
        ("dev.team.test:443", "https://dev.team.test", 101),
        ("dev.team.test:80", "http://dev.team.test", 101),
        ("dev.team.test:443", "http://dev.team.test", 403),
    ],
)
def test_a_port_is_part_of_an_origin(found: Running, host: str, origin: str, status: int) -> None:
    answer = raw.websocket(found.port, *ALONG, f"Origin: {origin}", host=host)
    assert answer.status == status


def test_behind_a_proxy_that_names_another_host_the_browsers_own_counts(found: Running) -> None:
    lines = (*ALONG, "Origin: https://dev.team.test", "X-Forwarded-Host: dev.team.test")
    assert raw.websocket(found.port, *lines, host="10.0.0.1:15080").status == 101
    assert raw.websocket(found.port, *lines[:-1], host="10.0.0.1:15080").status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    "path", ["/?folder=/proc/self/cwd/evil", "/?", "/proxy/3000/", "/x", "//", "/%2f"]
)
def test_a_link_of_another_origin_leads_to_the_bare_page(
    found: Running, site: str, path: str
) -> None:
    # A form that is sent with GET is the same to a browser.
    lines = (*ALONG, f"Sec-Fetch-Site: {site}", *NAVIGATE, "Sec-Fetch-User: ?1")
    led = raw.ask(found.port, *lines, line=f"GET {path} HTTP/1.1", host=HOST)
    assert (led.status, led.all("location"), led.body) == (303, ["/"], b"")
    assert led.all("cache-control") == ["no-store"]
    # Where the browser goes then, it says the same of itself.
    assert raw.ask(found.port, *lines, host=HOST).status == 200


@pytest.mark.parametrize("user", [(), ("Sec-Fetch-User: ?0",), ("Sec-Fetch-User: 1",)])
def test_what_leads_here_without_a_click_is_told_and_not_followed(
    found: Running, user: tuple[str, ...]
) -> None:
    lines = (*ALONG, "Sec-Fetch-Site: cross-site", *NAVIGATE, *user)
    for path in ("/", "/?folder=/x"):
        answer = raw.ask(found.port, *lines, line=f"GET {path} HTTP/1.1", host=HOST)
        assert answer.status == 403
        assert answer.all("content-type") == ["text/html; charset=utf-8"]
        assert b'<a href="/">' in answer.body


@pytest.mark.parametrize("method", [it for it in METHODS if it != "GET"])
def test_a_form_of_another_origin_is_refused(found: Running, method: str) -> None:
    lines = (*ALONG, "Sec-Fetch-Site: same-site", *NAVIGATE, "Sec-Fetch-User: ?1")
    line = f"{method} / HTTP/1.1"
    assert raw.ask(found.port, *lines, line=line, host=HOST).status == 403


def test_a_websocket_is_no_link(found: Running) -> None:
    lines = (*ALONG, "Sec-Fetch-Site: cross-site", *NAVIGATE, "Sec-Fetch-User: ?1")
    answer = raw.websocket(found.port, *lines, host=HOST)
    assert answer.status != 101


def test_no_answer_is_shown_in_another_origins_frame(found: Running) -> None:
    refused = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors")
    for lines in ((), ALONG, (*ALONG, *refused)):
        policies = raw.ask(found.port, *lines, host=HOST).all("content-security-policy")
        assert "frame-ancestors 'self'" in policies
