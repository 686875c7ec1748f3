"""Filters that look as if they asked: what a real Envoy does with them, and that none is counted.

Rule: each attack has its control. With the filters alone the editor is there for everybody; with
the door that is chosen for them it is there for nobody.
"""

import base64
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kode.gateway import faults, passthrough
from kode.gateway.auth_mode import choose
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from tests.envoy.server import Running, editor, running
from tests.polling import free_port

pytestmark = pytest.mark.attack

Object = dict[str, Any]
TYPES = "type.googleapis.com/envoy.extensions.filters.http"


class Refusing(BaseHTTPRequestHandler):
    """An authorizer that lets in who has the word, and nobody else."""

    def do_GET(self) -> None:
        """Answer 200 to who has the word."""
        known = self.headers.get("Authorization") == "Bearer the-word"
        self.send_response(HTTPStatus.OK if known else HTTPStatus.FORBIDDEN)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def configured(name: str, message: str, **config: Any) -> Object:
    """Return a filter."""
    return {"name": name, "typed_config": {"@type": f"{TYPES}.{name}.v3.{message}", **config}}


def ext_authz(cluster: str = "authz", **config: Any) -> Object:
    """Return a filter that asks the authorizer."""
    uri = {"uri": "http://authz", "cluster": cluster, "timeout": "2s"}
    service = {"server_uri": uri, **config.pop("http_service", {})}
    given = {"transport_api_version": "V3", "http_service": service, **config}
    return configured("ext_authz", "ExtAuthz", **given)


def lua(code: str) -> Object:
    """Return a script."""
    return configured("lua", "Lua", default_source_code={"inline_string": code})


def cluster(name: str, port: int) -> Object:
    """Return a cluster of one port of loopback."""
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": endpoints},
    }


@contextmanager
def authorizer(port: int) -> Iterator[None]:
    """Run an authorizer."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Refusing)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def coded(content: bytes) -> str:
    """Return what a token holds of some bytes."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token(key: bytes) -> dict[str, str]:
    """Return a header with a token that is signed with a key."""
    parts = ({"alg": "HS256", "kid": "1"}, {"iss": "x", "sub": "me"})
    text = ".".join(coded(json.dumps(part).encode()) for part in parts)
    signature = hmac.new(key, text.encode(), sha256).digest()
    return {"Authorization": f"Bearer {text}.{coded(signature)}"}


Start = Callable[[list[Object], AuthMode | None], Any]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a sidecar of the given filters, behind the gateway that is chosen or behind another."""
    ports = free_port(), free_port()
    upstream = Upstream(ports[0], "/healthz")
    own = [cluster("authz", ports[1])]

    @contextmanager
    def started(filters: list[Object], auth_mode: AuthMode | None) -> Iterator[Running]:
        faults.check(filters, own)
        found = passthrough.filters(filters)
        chosen = auth_mode or choose(has_credentials=False, auth_type="none", http_filters=found)
        sidecar = Sidecar(AuthMode.DENY, upstream, http_filters=found)
        sidecar = replace(sidecar, auth_mode=chosen, clusters=passthrough.clusters(own, found))
        with running(sidecar, tmp_path) as envoy:
            envoy.wait_until_ready()
            yield envoy

    with editor(ports[0]), authorizer(ports[1]):
        yield started


WORD = {"Authorization": "Bearer the-word"}
ANSWERS = "function envoy_on_request(h) h:respond({[':status'] = '200'}, 'the script') end"
CALLS = """
function envoy_on_request(h)
  local headers, body = h:httpCall("kode_editor",
    {[":method"] = "GET", [":path"] = "/", [":authority"] = "x"}, "", 2000)
  h:respond({[":status"] = headers[":status"]}, body)
end
"""
SOMEBODY = {"headers_to_add": [{"key": "authorization", "value": "Bearer the-word"}]}
KEY = b"a key of an identity provider, 32+"
JWKS = {"keys": [{"kty": "oct", "alg": "HS256", "kid": "1", "k": coded(KEY)}]}
PROVIDERS = {"idp": {"issuer": "x", "local_jwks": {"inline_string": json.dumps(JWKS)}}}
ATTACKS = {
    "shadow mode": [ext_authz(shadow_mode=True)],
    "shadow mode in the other spelling": [ext_authz(shadowMode=True)],
    "a share of the requests": [
        ext_authz(filter_enabled={"default_value": {"numerator": 0, "denominator": "HUNDRED"}})
    ],
    "credentials of the filter's own": [
        ext_authz(http_service={"authorization_request": SOMEBODY})
    ],
    "the editor as its own authorizer": [ext_authz("kode_editor")],
    "a script that fetches before": [lua(CALLS), ext_authz()],
    "a filter that is disabled": [{**ext_authz(), "disabled": True}],
    "a login that may be left out": [
        configured(
            "basic_auth",
            "BasicAuth",
            users={"inline_string": "me:{SHA}2kuSN7rMzfGcB2DKt67EqDWQELA="},
            allow_missing=True,
        )
    ],
    "a login of no configuration": [configured("oauth2", "OAuth2")],
    "a rule for another path": [
        configured(
            "jwt_authn",
            "JwtAuthentication",
            providers=PROVIDERS,
            rules=[{"match": {"prefix": "/else"}, "requires": {"provider_name": "idp"}}],
        )
    ],
    "rules about nobody": [
        configured(
            "rbac",
            "RBAC",
            rules={
                "action": "DENY",
                "policies": {
                    "none": {
                        "permissions": [{"header": {"name": "x-no", "present_match": True}}],
                        "principals": [{"any": True}],
                    }
                },
            },
        )
    ],
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_filter_that_lets_strangers_pass_opens_the_door(start: Start, name: str) -> None:
    with start(ATTACKS[name], AuthMode.FILTERS) as unguarded:
        response = unguarded.ask("/")
        assert response.status == HTTPStatus.OK, "the attack is one"
        assert b"Host" in response.body or b"host" in response.body
    with start(ATTACKS[name], None) as guarded:
        for headers in ({}, WORD):
            assert guarded.ask("/", headers).status == HTTPStatus.FORBIDDEN


def test_a_script_that_answers_in_the_editors_place_keeps_the_door_shut(start: Start) -> None:
    with start([lua(ANSWERS), ext_authz()], AuthMode.FILTERS) as unguarded:
        assert unguarded.ask("/").body == b"the script"
    with start([lua(ANSWERS), ext_authz()], None) as guarded:
        assert guarded.ask("/").status == HTTPStatus.FORBIDDEN
    with start([ext_authz(), lua(ANSWERS)], None) as behind:
        assert behind.ask("/").status == HTTPStatus.FORBIDDEN
        assert behind.ask("/", WORD).status == HTTPStatus.OK


TOKENS = configured(
    "jwt_authn",
    "JwtAuthentication",
    providers=PROVIDERS,
    rules=[{"match": {"prefix": "/"}, "requires": {"provider_name": "idp"}}],
)
MAYBE = {"requires_any": {"requirements": [{"provider_name": "idp"}, {"allow_missing": {}}]}}
PERHAPS = configured(
    "jwt_authn",
    "JwtAuthentication",
    providers=PROVIDERS,
    rules=[{"match": {"prefix": "/"}, "requires": MAYBE}],
)
KEYS = configured(
    "api_key_auth",
    "ApiKeyAuth",
    credentials=[{"key": "the-key", "client": "me"}],
    key_sources=[{"header": "x-key"}],
)


@pytest.mark.parametrize(
    ("filters", "word"),
    [
        ([ext_authz()], WORD),
        ([ext_authz(shadow_mode=False, stat_prefix="x")], WORD),
        ([configured("buffer", "Buffer", max_request_bytes=9), ext_authz()], WORD),
        ([PERHAPS, KEYS], {"x-key": "the-key"}),
        ([TOKENS], token(KEY)),
    ],
)
def test_filters_that_ask_let_in_who_proves_something(
    start: Start, filters: list[Object], word: dict[str, str]
) -> None:
    with start(filters, None) as found:
        refused = found.ask("/").status
        assert refused in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        for path in ("/a/../b", "//", "/%2e%2e/x", "/healthz"):
            assert found.ask(path).status == refused
        assert found.ask("/", token(b"another key")).status != HTTPStatus.OK
        response = found.ask("/", word)
        assert response.status == HTTPStatus.OK
        assert "host" in {name.lower() for name in json.loads(response.body)}


@pytest.mark.parametrize(
    "line",
    [
        b"OPTIONS * HTTP/1.1",
        b"CONNECT editor:80 HTTP/1.1",
        b"GET http://editor/ HTTP/1.1",
        b"OPTIONS / HTTP/1.1\r\nOrigin: http://x\r\nAccess-Control-Request-Method: GET",
        b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket",
        b"GET \\/x HTTP/1.1",
    ],
)
def test_no_odd_request_passes_filters_that_ask(start: Start, line: bytes) -> None:
    for filters in ([TOKENS], [ext_authz()], [KEYS]):
        with (
            start(filters, None) as found,
            socket.create_connection(("127.0.0.1", found.port), timeout=10) as connection,
        ):
            connection.sendall(line + b"\r\nHost: editor\r\n\r\n")
            status = connection.recv(4096).split(b" ")[1]
            assert status in (b"400", b"401", b"403", b"404"), filters
