"""Raw requests, forged logins and smuggled requests in front of the gateway of the local platform.

Rule: the requests and what must hold are those of a sidecar (tests/envoy); here they come through
the listener that all Kodes share, so what leads to another Kode is attacked as well.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kode.gateway.sidecar import AuthMode as Decides
from kode.platform.local.gateway import Route
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd
from tests.envoy import raw
from tests.envoy.attacks import HOST, PROXIED, SMUGGLERS, STRANGERS, http2, request, talk
from tests.envoy.besieged import Besieged
from tests.envoy.forged import FORGED
from tests.envoy.recorder import Recorder, recording
from tests.envoy.sidecars import COOKIE, CREDENTIALS, SESSION, login
from tests.local.gateways import RunningGateway, running_gateway
from tests.polling import until_async

pytestmark = pytest.mark.attack

OTHER, OTHERS_COOKIE = "two.localhost", "kode-login-fedcba9876543210"
OTHERS = Credentials("you", "of another Kode", "two-auth")
ALONG = (login(OTHERS.user, OTHERS.password), f"Cookie: {OTHERS_COOKIE}={SESSION[::-1]}t")
"""What lets a person into another Kode."""


@dataclass(frozen=True)
class Siege:
    """A gateway with two Kodes.

    Attributes:
        one: the Kode that is attacked.
        other: what reached the other one.
    """

    one: Besieged
    other: Recorder


@contextmanager
def besieged(folder: Path) -> Iterator[Siege]:
    """Open a gateway with two Kodes, each with a login of its own."""
    with asyncio.Runner() as runner, ExitStack() as stack:
        opened = running_gateway(folder)
        found = runner.run(opened.__aenter__())
        try:
            sockets = [str(found.paths.root / f"{name}.sock") for name in ("one", "two")]
            one, two = (stack.enter_context(recording(it)) for it in sockets)
            runner.run(_offer(found))
            yield Siege(Besieged(found.port, one, b"Kode runs here"), two)
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def _offer(found: RunningGateway) -> None:
    entries = [
        _entry(found, "one", CREDENTIALS, COOKIE, SESSION),
        _entry(found, "two", OTHERS, OTHERS_COOKIE, f"{SESSION[::-1]}t"),
    ]
    assert await found.gateway.set_routes(entries) == {}
    for host, line in ((HOST, login()), (OTHER, ALONG[0])):

        async def served(host: str = host, line: str = line) -> bool:
            answer = await asyncio.to_thread(raw.ask, found.port, line, host=host)
            return answer.status == 200

        await until_async(served)


def _entry(found: RunningGateway, name: str, who: Credentials, cookie: str, session: str) -> Route:
    more = {"users": htpasswd(who, session), "cookie": cookie, "session": session}
    return replace(found.entry(name, Decides.BASIC, **more), users="")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    """A gateway for all attacks but wrong passwords, of which only so many are answered."""
    with besieged(tmp_path_factory.mktemp("attacks")) as siege:
        siege.one.editor.take()
        yield siege


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    """A gateway for wrong passwords."""
    with besieged(tmp_path_factory.mktemp("forged")) as siege:
        siege.one.editor.take()
        yield siege


def test_who_has_the_login_gets_in(gateway: Siege) -> None:
    gateway.one.lets_in()
    gateway.other.take()
    for line in ALONG:
        assert raw.ask(gateway.one.port, line, host=OTHER).status == 200
    assert len(gateway.other.take()) == len(ALONG)


@pytest.mark.parametrize("name", STRANGERS)
def test_no_odd_request_of_a_stranger_reaches_an_editor(gateway: Siege, name: str) -> None:
    gateway.other.take()
    gateway.one.keeps_out(STRANGERS[name])
    assert gateway.other.take() == []


@pytest.mark.parametrize("name", FORGED)
def test_what_is_no_login_is_asked_for_one(asked: Siege, name: str) -> None:
    asked.one.asks(FORGED[name])


@pytest.mark.parametrize("name", SMUGGLERS)
def test_a_request_brings_no_second_one_in(gateway: Siege, name: str) -> None:
    gateway.one.takes_one_at_most(SMUGGLERS[name])


@pytest.mark.parametrize("name", PROXIED)
def test_it_leads_to_its_editors_and_nowhere_else(gateway: Siege, name: str) -> None:
    gateway.one.leads_nowhere_else(PROXIED[name])


CROSSING = {
    "its login": request(*ALONG),
    "absolute form": request(*ALONG, line=f"GET http://{HOST}/ HTTP/1.1", host=OTHER),
    "absolute form, the other way": request(
        *ALONG, line=f"GET http://{OTHER}/ HTTP/1.1", host=HOST
    ),
    "two hosts": request(*ALONG, f"Host: {HOST}", host=OTHER),
    "two hosts, the other way": request(*ALONG, f"Host: {OTHER}", host=HOST),
    "a list of hosts": request(*ALONG, host=f"{OTHER}, {HOST}"),
    "a user at a host": request(*ALONG, host=f"{OTHER}@{HOST}"),
    "a host at a user": request(*ALONG, host=f"{HOST}@{OTHER}"),
    "a host with a path": request(*ALONG, host=f"{OTHER}/{HOST}"),
    "a host with a dot": request(*ALONG, host=f"{HOST}."),
    "a host in large letters": request(*ALONG, host=HOST.upper()),
    "a host with a NUL": request(*ALONG, host=f"{HOST}\0.{OTHER}"),
    "a host below another": request(*ALONG, host=f"{HOST}.{OTHER}"),
    "a port that is none": request(*ALONG, host=f"{OTHER}:{HOST}"),
    "forwarded": request(
        *ALONG,
        f"X-Forwarded-Host: {HOST}",
        f"Forwarded: host={HOST}",
        f"X-Host: {HOST}",
        host=OTHER,
    ),
    "what leads to an inner listener": request(
        *ALONG, "X-Kode-Connection: 127.0.0.1:1 127.0.0.1:2", "X-Envoy-Internal: true"
    ),
    "a path at a host": request(*ALONG, line=f"GET @{HOST}/ HTTP/1.1", host=OTHER),
    "a second of a connection": request(*ALONG, "Connection: keep-alive", host=OTHER)
    + request(*ALONG),
    "a second in a websocket": request(
        *ALONG, "Connection: Upgrade", "Upgrade: websocket", line="GET /socket HTTP/1.1", host=OTHER
    )
    + request(*ALONG),
    "http2, host": http2(
        (":authority", OTHER), ("host", HOST), ("cookie", ALONG[1].removeprefix("Cookie: "))
    ),
    "http2, authority": http2(
        (":authority", HOST), ("host", OTHER), ("cookie", ALONG[1].removeprefix("Cookie: "))
    ),
}


@pytest.mark.parametrize("name", CROSSING)
def test_the_login_of_one_kode_opens_no_other(gateway: Siege, name: str) -> None:
    talk(gateway.one.port, CROSSING[name])
    assert gateway.one.reached() == []


@pytest.mark.parametrize(
    "host", ["evil.test", f"{HOST}.evil.test", f"evil.test.{HOST}", "", "*", "[::1]", "0", "127.1"]
)
def test_a_host_that_is_nobodys_leads_to_nobody_whoever_asks(gateway: Siege, host: str) -> None:
    for line in (login(), f"Cookie: {COOKIE}={SESSION}"):
        gateway.one.keeps_out(request(line, host=host))
    assert gateway.one.reached() == []
