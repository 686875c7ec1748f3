"""kode.platform.local.reconcile.credentials: by what a sidecar of one machine remembers a login."""

from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from kode.platform.local.reconcile.credentials import sidecar_users
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd

LOGIN = Credentials("abc", "p", "dev-auth")
OLD, NEW = "o" * 43, "n" * 43


def revision(file: str, session: str) -> Sidecar:
    return Sidecar(AuthMode.BASIC, Upstream(0, "/"), users=file, session=session)


def test_the_value_stays_as_long_as_user_and_password_do() -> None:
    before = revision(htpasswd(LOGIN, OLD), OLD)
    assert sidecar_users(before, LOGIN, NEW) == (htpasswd(LOGIN, OLD), OLD)
    for other in (Credentials("abc", "new", "dev-auth"), Credentials("me", "p", "dev-auth")):
        assert sidecar_users(before, other, NEW) == (htpasswd(other, NEW), NEW)
    assert OLD not in repr(before)


def test_where_none_was_remembered_it_is_from_now_on() -> None:
    for before in (None, revision("", ""), revision(htpasswd(LOGIN), "")):
        assert sidecar_users(before, LOGIN, NEW) == (htpasswd(LOGIN, NEW), NEW)


def test_without_a_login_there_is_nothing_to_remember() -> None:
    assert sidecar_users(revision(htpasswd(LOGIN, OLD), OLD), None, NEW) == ("", "")
