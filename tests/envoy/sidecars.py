"""Running sidecars that ask for one and the same login, and what a person knows of it."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd
from tests.envoy.server import Running, editor, running
from tests.polling import free_port

USER, PASSWORD = "me", "secret words: ü"
CREDENTIALS = Credentials(USER, PASSWORD, "dev-auth")
COOKIE, SESSION = "kode-login-0123456789abcdef", "s" * 43


def token(user: str = USER, password: str = PASSWORD) -> str:
    """Return user and password as HTTP basic authentication sends them."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def login(user: str = USER, password: str = PASSWORD) -> str:
    """Return the header of HTTP basic authentication as a line."""
    return f"Authorization: Basic {token(user, password)}"


@contextmanager
def sidecar(
    folder: Path,
    auth_mode: AuthMode = AuthMode.BASIC,
    change: Callable[[dict[str, Any]], None] | None = None,
    *,
    authorization: str = "",
    **more: Any,
) -> Iterator[Running]:
    """Run a sidecar that remembers logins, with an editor behind it."""
    users, session = folder / "htpasswd", folder / "session"
    users.write_text(htpasswd(CREDENTIALS, SESSION))
    session.write_text(SESSION)
    files = {"users_file": str(users), "session_file": str(session), "cookie": COOKIE}
    upstream = Upstream(free_port(), "/healthz", authorization=authorization)
    with (
        editor(upstream.port),
        running(Sidecar(auth_mode, upstream, **{**files, **more}), folder, change) as found,
    ):
        found.wait_until_ready()
        yield found
