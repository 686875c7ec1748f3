"""Raw requests, forged logins and smuggled requests in front of a sidecar; nothing gets through."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kode.gateway.login import MAX_WRONG
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.render.secret import htpasswd
from tests.envoy.attacks import PROXIED, SMUGGLERS, STRANGERS
from tests.envoy.besieged import Besieged
from tests.envoy.forged import FORGED, PASSWORDS
from tests.envoy.recorder import recording
from tests.envoy.server import running
from tests.envoy.sidecars import COOKIE, CREDENTIALS, SESSION
from tests.polling import free_port

pytestmark = pytest.mark.attack


@contextmanager
def besieged(folder: Path) -> Iterator[Besieged]:
    """Run a sidecar that asks for user and password, with an editor that keeps what reaches it."""
    users, session = folder / "htpasswd", folder / "session"
    users.write_text(htpasswd(CREDENTIALS, SESSION))
    session.write_text(SESSION)
    port = free_port()
    sidecar = Sidecar(
        AuthMode.BASIC,
        Upstream(port, "/healthz"),
        users_file=str(users),
        session_file=str(session),
        cookie=COOKIE,
    )
    with recording(port) as editor, running(sidecar, folder) as found:
        found.wait_until_ready()
        yield Besieged(found.port, editor)


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    """A sidecar for all attacks but wrong passwords, of which only so many are answered."""
    with besieged(tmp_path_factory.mktemp("attacks")) as found:
        yield found


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    """A sidecar for wrong passwords."""
    assert len(PASSWORDS) < MAX_WRONG - 3
    with besieged(tmp_path_factory.mktemp("forged")) as found:
        yield found


def test_who_has_the_login_gets_in(sidecar: Besieged) -> None:
    sidecar.lets_in()


@pytest.mark.parametrize("name", STRANGERS)
def test_no_odd_request_of_a_stranger_reaches_the_editor(sidecar: Besieged, name: str) -> None:
    sidecar.keeps_out(STRANGERS[name])


@pytest.mark.parametrize("name", FORGED)
def test_what_is_no_login_is_asked_for_one(asked: Besieged, name: str) -> None:
    asked.asks(FORGED[name])


@pytest.mark.parametrize("name", SMUGGLERS)
def test_a_request_brings_no_second_one_in(sidecar: Besieged, name: str) -> None:
    sidecar.takes_one_at_most(SMUGGLERS[name])


@pytest.mark.parametrize("name", PROXIED)
def test_it_leads_to_its_editor_and_nowhere_else(sidecar: Besieged, name: str) -> None:
    sidecar.leads_nowhere_else(PROXIED[name])
