"""Where the API server is, and who we are to it."""

from pathlib import Path

import kopf
import pytest

from kode.controllers.process.login import Login, log_in
from kode.errors import PlatformError

KUBECONFIG = """
current-context: here
contexts: [{name: here, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443/"}}]
users: [{name: u, user: {token: secret}}]
"""


def _in_cluster(**_: object) -> kopf.ConnectionInfo:
    return kopf.ConnectionInfo(server="https://kubernetes.default.svc", token="pod")


def test_a_kubeconfig_wins_over_the_service_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(kopf, "login_with_service_account", _in_cluster)
    (tmp_path / "config").write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    assert log_in().token == "secret"


def test_in_a_pod_the_server_is_reached_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kopf, "login_with_service_account", _in_cluster)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert log_in().server == "https://kubernetes.default.svc"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert log_in().server == "https://10.96.0.1:443"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    assert log_in().server == "https://[fd00::1]:443"


@pytest.mark.parametrize("content", [None, "contexts: []", "{", "[]", "7", "contexts: 7"])
def test_without_usable_credentials_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    monkeypatch.setattr(kopf, "login_with_service_account", lambda **_: None)
    if content is not None:
        (tmp_path / "config").write_text(content)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with pytest.raises(PlatformError, match="credentials"):
        log_in()


def test_with_nothing_at_all_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(kopf, "login_with_service_account", lambda **_: None)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(PlatformError, match="set --kubeconfig"):
        log_in()


async def test_a_token_is_read_again_before_it_grows_old() -> None:
    now = 0.0
    tokens = iter(["first", "second"])
    found = Login(lambda: now, lambda: kopf.ConnectionInfo(server="https://x/", token=next(tokens)))
    assert found.server == "https://x"
    assert found.proxy() is None
    assert (await found.headers())["Authorization"] == "Bearer first"
    now = 59.0
    assert (await found.headers())["Authorization"] == "Bearer first"
    now = 61.0
    assert (await found.headers())["Authorization"] == "Bearer second"
