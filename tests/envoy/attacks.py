"""Requests that no browser sends: each tries to come past a login, or to bring in a second request.

Rule: bytes and nothing else; what must come of them stands in the tests. STRANGERS prove nothing,
SMUGGLERS have logged in and bring a request to `/smuggled` along, PROXIED have logged in and want
to be led to another port, FORGED are headers in the place of a login.
"""

import re
import socket
from contextlib import suppress

from tests.envoy.sidecars import COOKIE, SESSION, USER, login, token

HOST = "one.localhost"
ELSEWHERE = "ELSEWHERE"
"""Stands for a port of loopback that the gateway has nothing to do with."""
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SECOND = f"GET /smuggled HTTP/1.1\r\nHost: {HOST}\r\nx: "
RIGHT = f"Cookie: {COOKIE}={SESSION}"

_UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
# How long the first answer may take, and what may come after it.
_FIRST, _NEXT = 0.15, 0.05
# RFC 9113: types and flags of frames.
_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS = 1, 4


def request(*lines: str, line: str = "GET / HTTP/1.1", host: str = HOST) -> bytes:
    """Return a request that ends its connection, unless a line of its own says otherwise."""
    named = [f"Host: {host}"] if host else []
    closes = [] if any(it.startswith("Connection:") for it in lines) else ["Connection: close"]
    return "\r\n".join([line, *named, *lines, *closes, "", ""]).encode("latin-1")


def _post(*lines: str, body: str = "", path: str = "/") -> bytes:
    return request(*lines, line=f"POST {path} HTTP/1.1") + body.encode("latin-1")


def _frame(kind: int, flags: int, payload: bytes, stream: int = 1) -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


def http2(*fields: tuple[str, str], body: bytes | None = None) -> bytes:
    """Return a connection with one request, that of a page but for the fields given.

    Fields are literal, without Huffman's code and without an index (RFC 7541, 6.2.2); none is
    longer than 126 bytes.
    """
    page = ((":method", "GET"), (":scheme", "http"), (":authority", HOST), (":path", "/"))
    names = {name for name, _ in fields}
    whole = [*(it for it in page if it[0] not in names), *fields]
    whole.sort(key=lambda it: not it[0].startswith(":"))
    block = b""
    for name, value in whole:
        block += bytes([0, len(name)]) + name.encode("latin-1")
        block += bytes([len(value)]) + value.encode("latin-1")
    ends = _END_HEADERS | (_END_STREAM if body is None else 0)
    parts = [PREFACE, _frame(_SETTINGS, 0, b"", 0), _frame(_HEADERS, ends, block)]
    return b"".join([*parts, *([] if body is None else [_frame(_DATA, _END_STREAM, body)])])


def answer(port: int, data: bytes) -> list[int]:
    """Send a request that is answered; return the statuses, as soon as there is one."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        while not statuses(heard) and (more := connection.recv(65536)):
            heard += more
    return statuses(heard)


def talk(port: int, data: bytes) -> bytes:
    """Send bytes; return what came until it was whole or nothing more came.

    What is still under way then is waited for by the request that follows in every test.
    """
    heard = b""
    with (
        suppress(ConnectionError, TimeoutError),
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
    ):
        connection.settimeout(_FIRST)
        with suppress(ConnectionError):
            connection.sendall(data)
        while not _is_last(heard) and (more := connection.recv(65536)):
            heard += more
            connection.settimeout(_NEXT)
    return heard


def _is_last(heard: bytes) -> bool:
    """Tell whether an answer is whole that says that none follows."""
    head, _, body = heard[max(heard.rfind(b"HTTP/1."), 0) :].partition(b"\r\n\r\n")
    size = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    if not size or b"\r\nconnection: close" not in head.lower():
        return False
    return len(body) >= int(size[1])


def statuses(heard: bytes) -> list[int]:
    """Return the statuses of all answers; 100 Continue is none. 200 stands for HTTP/2's own."""
    told = [int(it) for it in re.findall(rb"HTTP/1\.[01] (\d{3})[ \r]", heard)]
    # The static table's entry 8: what an answer in HTTP/2 begins with where its status is 200.
    into = [200] if heard[3:4] == bytes([_SETTINGS]) and _answers_ok(heard) else []
    return [it for it in told if it != 100] + into


def _answers_ok(heard: bytes) -> bool:
    while len(heard) >= 9:
        size, kind = int.from_bytes(heard[:3], "big"), heard[3]
        if kind == _HEADERS and heard[9:10] == b"\x88":
            return True
        heard = heard[9 + size :]
    return False


_METHODS = ("HEAD", "POST", "PUT", "DELETE", "TRACE", "PROPFIND", "PURGE", "DEBUG", "get", "X")
_TARGETS = (
    "/healthz",
    "/healthz/../",
    "/healthz/..%2f",
    "/healthz%2f..%2f",
    "/healthz/%2e%2e/",
    "/healthz;/",
    "/healthz?",
    "/./",
    "//",
    "//healthz",
    "/..",
    "/../../healthz",
    "/\\",
    "\\/healthz",
    "/healthz\\..\\",
    "/%00",
    "/%",
    "/#/healthz",
    "/?login=me",
    "healthz",
    "?",
    "",
    "*",
    f"http://{HOST}/",
    f"http://{HOST}/healthz",
    f"https://{HOST}/",
    f"HTTP://{HOST}",
    f"http://{USER}:{token()}@{HOST}/",
    "http:///healthz",
    "http://localhost/",
    "http://127.0.0.1:15021/ready",
    "file:///etc/passwd",
    f"//{HOST}/",
)
_HEADERS_OF_STRANGERS = {
    "preflight": ("Origin: http://x", "Access-Control-Request-Method: GET"),
    "preflight of ours": (f"Origin: http://{HOST}", "Access-Control-Request-Method: GET"),
    "websocket": _UPGRADE,
    "websocket, no version": ("Connection: Upgrade", "Upgrade: websocket"),
    "websocket, a list": ("Connection: Upgrade", "Upgrade: h2c, websocket"),
    "websocket, kept alive": ("Connection: keep-alive, Upgrade", "Upgrade: WebSocket"),
    "h2c": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
    "CONNECT-UDP": ("Connection: Upgrade", "Upgrade: connect-udp", "Capsule-Protocol: ?1"),
    "TLS": ("Connection: Upgrade", "Upgrade: TLS/1.3"),
    "Authorization dropped on the way": ("Connection: close, Authorization",),
    "Cookie dropped on the way": ("Connection: close, Cookie", f"Cookie: {COOKIE}=x"),
    "X-Envoy": (
        "X-Envoy-Internal: true",
        "X-Envoy-External-Address: 127.0.0.1",
        "X-Envoy-Original-Path: /healthz",
        "X-Envoy-Original-Dst-Host: 127.0.0.1:15021",
        "X-Envoy-Decorator-Operation: x",
        "X-Envoy-Retry-On: 5xx,4xx",
        "X-Envoy-Max-Retries: 9",
        "X-Envoy-Upstream-Rq-Timeout-Ms: 1",
        "X-Envoy-Upstream-Alt-Stat-Name: x",
        "X-Envoy-Force-Trace: true",
        "X-Envoy-Auth-Failure-Mode-Allowed: true",
    ),
    "Envoy's own health check": ("User-Agent: Envoy/HC", "X-Envoy-Internal: true"),
    "X-Forwarded": (
        "X-Forwarded-For: 127.0.0.1",
        f"X-Forwarded-Host: {HOST}",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Port: 443",
        "X-Forwarded-Uri: /healthz",
        "X-Forwarded-Client-Cert: By=x;Hash=x",
        f"X-Forwarded-User: {USER}",
        "Forwarded: for=127.0.0.1;proto=https",
        "X-Real-IP: 127.0.0.1",
    ),
    "another target": (
        "X-Original-URL: /healthz",
        "X-Rewrite-URL: /healthz",
        "X-HTTP-Method-Override: OPTIONS",
    ),
    "a user who is told": (f"X-Auth-Request-User: {USER}", f"Remote-User: {USER}"),
    "an Authorization without its colon": (f"Authorization Basic: {token()}",),
    "our own": ("X-Kode-Connection: 127.0.0.1:1 127.0.0.1:2", "X-Kode-Protocol: https"),
    "underscores": (f"X_Forwarded_User: {USER}", f"Authori_zation: Basic {token()}"),
    "pseudo headers": (":path: /healthz", ":authority: localhost"),
    "Proxy-Authorization": (f"Proxy-{login()}",),
    "Expect": ("Expect: 100-continue", "Content-Length: 5"),
    "Range": ("Range: bytes=0-",),
    "a NUL": ("x: a\0b",),
    "a NUL in a name": ("x\0: a",),
    "a bare CR": ("x: a\rb: c",),
    "a bare LF": ("x: a\nb: c",),
    "two hosts": ("Host: localhost",),
    "a large header": ("x: " + "a" * 70000,),
    "a large Authorization": ("Authorization: Basic " + "QUFB" * 10000,),
    "many headers": tuple(f"x-{it}: a" for it in range(300)),
    "many cookies": ("Cookie: " + "; ".join(f"a{it}=b" for it in range(2000)),),
    "CL and TE": ("Content-Length: 5", "Transfer-Encoding: chunked"),
    "two CLs": ("Content-Length: 0", "Content-Length: 5"),
    "a CL below nothing": ("Content-Length: -1",),
    "no TE": ("Transfer-Encoding: xchunked",),
}
_LINES = {
    "CONNECT": f"CONNECT {HOST}:80 HTTP/1.1",
    "CONNECT of another": "CONNECT 127.0.0.1:15021 HTTP/1.1",
    "CONNECT of a path": "CONNECT / HTTP/1.1",
    "OPTIONS *": "OPTIONS * HTTP/1.1",
    "OPTIONS": "OPTIONS / HTTP/1.1",
    "1.0": "GET / HTTP/1.0",
    "0.9 with a version": "GET / HTTP/0.9",
    "1.2": "GET / HTTP/1.2",
    "2.0": "GET / HTTP/2.0",
    "small letters": "GET / http/1.1",
    "a tab": "GET\t/\tHTTP/1.1",
    "three words": "GET / / HTTP/1.1",
    "a NUL": "GET /\0 HTTP/1.1",
    "a large target": f"GET /{'a' * 70000} HTTP/1.1",
}
_RAW = {
    "0.9": b"GET /\r\n",
    "0.9, more": b"GET /healthz\r\n\r\n",
    "1.0 without a host": b"GET / HTTP/1.0\r\n\r\n",
    "1.1 without a host": b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    "an empty host": request(host="").replace(b"1.1\r\n", b"1.1\r\nHost:\r\n"),
    "nothing but LF": request().replace(b"\r\n", b"\n"),
    "empty lines first": b"\r\n\r\n" + request(),
    "TLS": b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + b"\0" * 196,
    "PROXY protocol": b"PROXY TCP4 127.0.0.1 127.0.0.1 1 15080\r\n" + request(),
    "PROXY protocol 2": b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0" + request(),
    "a folded Authorization": request("Authorization:", f" Basic {token('x', 'y')}"),
    "a login in a trailer": _post(
        "Transfer-Encoding: chunked", "Trailer: Authorization", body=f"0\r\n{login()}\r\n\r\n"
    ),
    "a cookie in a trailer": _post("Transfer-Encoding: chunked", body=f"0\r\n{RIGHT}\r\n\r\n"),
    "a login in the body": _post("Content-Length: 200", body=f"{login()}\r\n{RIGHT}\r\n\r\n"),
    "a second before the first is answered": request("Connection: keep-alive") + request(),
    "a second in a websocket": request(*_UPGRADE, line="GET /socket HTTP/1.1") + request(),
    "a preface alone": PREFACE,
    "http2": http2(),
    "http2, health": http2((":path", "/healthz")),
    "http2, POST": http2((":method", "POST"), body=b"x"),
    "http2, CONNECT": PREFACE + http2((":method", "CONNECT")),
    "http2, websocket": http2((":method", "CONNECT"), (":protocol", "websocket")),
    "http2, https": http2((":scheme", "https")),
    "http2, *": http2((":method", "OPTIONS"), (":path", "*")),
    "http2, two paths": http2((":path", "/"), (":path", "/healthz")),
    "http2, large letters": http2(("Authorization", f"Basic {token('a', 'b')}")),
    "http2, host": http2((":authority", "localhost"), ("host", HOST)),
    "http2, CRLF": http2(("x", f"a\r\n{login()}")),
    "http2 after an upgrade": request(
        "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"
    )
    + http2(),
}
STRANGERS = {
    **{f"line, {name}": request(line=line) for name, line in _LINES.items()},
    **{f"method, {name}": request(line=f"{name} / HTTP/1.1") for name in _METHODS},
    **{f"target, {name}": request(line=f"GET {name} HTTP/1.1") for name in _TARGETS},
    **{f"headers, {name}": request(*lines) for name, lines in _HEADERS_OF_STRANGERS.items()},
    **{f"raw, {name}": data for name, data in _RAW.items()},
}


def _chunked(*lines: str) -> bytes:
    return _post(RIGHT, *lines, body=f"0\r\n\r\n{SECOND}")


def _counted(*lines: str) -> bytes:
    return _post(RIGHT, *lines, body=SECOND)


def _brought(*fields: tuple[str, str], body: bytes | None = None) -> bytes:
    return http2(*fields, ("cookie", f"{COOKIE}={SESSION}"), body=body)


_TE = (
    "Transfer-Encoding: identity",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: identity, chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding:\tchunked",
    "Transfer-Encoding: \x0bchunked",
    "Transfer-Encoding: chunked\0",
    'Transfer-Encoding: "chunked"',
    "Transfer-Encoding:\r\n chunked",
    "Transfer-Encoding: CHUNKED",
    "Transfer_Encoding: chunked",
    "X: a\nTransfer-Encoding: chunked",
    "X: a\rTransfer-Encoding: chunked",
    " Transfer-Encoding: chunked",
)
_CL = (
    "+4",
    "-1",
    "4, 4",
    "0x4",
    "4 4",
    "4a",
    " ",
    "99999999999999999999",
    "1e1",
)
_LINE_END = f" HTTP/1.1\r\nHost: {HOST}\r\n\r\n{SECOND}"
SMUGGLERS = {
    **{f"TE, {it!r}": _chunked(it) for it in _TE},
    **{f"CL and TE, {it!r}": _chunked("Content-Length: 4", it) for it in _TE},
    "CL and TE": _chunked("Content-Length: 4", "Transfer-Encoding: chunked"),
    "TE and CL": _chunked("Transfer-Encoding: chunked", "Content-Length: 4"),
    "TE, CL and 1.0": request(RIGHT, "Transfer-Encoding: chunked", line="POST / HTTP/1.0")
    + f"0\r\n\r\n{SECOND}".encode(),
    **{f"CL, {it!r}": _counted(f"Content-Length: {it}") for it in _CL},
    "two CLs": _counted("Content-Length: 0", f"Content-Length: {len(SECOND)}"),
    "a CL of a GET": request(RIGHT, "Content-Length: 0") + SECOND.encode(),
    "a chunk of a wrong size": _post(
        RIGHT, "Transfer-Encoding: chunked", body=f"-1\r\n{SECOND}0\r\n\r\n"
    ),
    "a chunk of a large size": _post(
        RIGHT, "Transfer-Encoding: chunked", body=f"fffffffffffffffff1\r\n{SECOND}"
    ),
    "a chunk that ends in LF": _post(RIGHT, "Transfer-Encoding: chunked", body=f"0\n\n{SECOND}"),
    "a chunk's extension": _post(
        RIGHT, "Transfer-Encoding: chunked", body=f"0;a\n\r\n{SECOND}\r\n\r\n"
    ),
    "a NUL in the target": request(RIGHT, line=f"GET /\0{_LINE_END} HTTP/1.1"),
    "a CR in the target": request(RIGHT, line=f"GET /\r{SECOND}"),
    "a host": request(RIGHT, host=f"{HOST}\n{SECOND}"),
    "a second without a login": request(RIGHT, "Connection: keep-alive")
    + request(line="GET /smuggled HTTP/1.1"),
    "a second behind an upgrade that is not taken": request(
        RIGHT, "Connection: Upgrade", "Upgrade: h2c"
    )
    + SECOND.encode(),
    "a second behind a wrong websocket": request(
        RIGHT, "Connection: Upgrade", "Upgrade: websocket", line="POST / HTTP/1.1"
    ).replace(b"POST", b"FROB")
    + request(line="GET /smuggled HTTP/1.1"),
    "http2, path": _brought((":path", f"/{_LINE_END}"[:120])),
    "http2, a space in the path": _brought((":path", "/smuggled HTTP/1.1")),
    "http2, method": _brought((":method", "GET /smuggled HTTP/1.1\r\nx:")),
    "http2, a space in the method": _brought((":method", "GET /smuggled")),
    "http2, scheme": _brought((":scheme", "http\r\n\r\nGET /smuggled HTTP/1.1")),
    "http2, authority": _brought((":authority", f"{HOST}\r\n\r\nGET /smuggled HTTP/1.1")),
    "http2, value": _brought(("x", "a\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n")),
    "http2, LF in a value": _brought(("x", "a\n\nGET /smuggled HTTP/1.1\n\n")),
    "http2, name": _brought(("x: a\r\n\r\nget /smuggled http/1.1\r\ny", "b")),
    "http2, colon in a name": _brought(("transfer-encoding: chunked", "b"), body=b"x"),
    "http2, TE": _brought(("transfer-encoding", "chunked"), body=f"0\r\n\r\n{SECOND}".encode()),
    "http2, CL": _brought(("content-length", "0"), (":method", "POST"), body=SECOND.encode()),
    "http2, two CLs": _brought(
        ("content-length", "0"), ("content-length", f"{len(SECOND)}"), body=SECOND.encode()
    ),
    "http2, connection": _brought(("connection", "transfer-encoding")),
    "http2, upgrade": _brought(("upgrade", "websocket"), ("connection", "upgrade")),
}
PROXIED = {
    "CONNECT": request(RIGHT, line=f"CONNECT 127.0.0.1:{ELSEWHERE} HTTP/1.1"),
    "absolute form": request(RIGHT, line=f"GET http://127.0.0.1:{ELSEWHERE}/ HTTP/1.1"),
    "host": request(RIGHT, host=f"127.0.0.1:{ELSEWHERE}"),
    "headers": request(
        RIGHT,
        f"X-Envoy-Original-Dst-Host: 127.0.0.1:{ELSEWHERE}",
        f"X-Forwarded-Host: 127.0.0.1:{ELSEWHERE}",
        f"X-Host: 127.0.0.1:{ELSEWHERE}",
        f"Route: 127.0.0.1:{ELSEWHERE}",
    ),
    "a target at a host": request(RIGHT, line=f"GET @127.0.0.1:{ELSEWHERE}/ HTTP/1.1"),
    "a target of two slashes": request(RIGHT, line=f"GET //127.0.0.1:{ELSEWHERE}/ HTTP/1.1"),
}
