"""Kubeconfigs: merged as kubectl merges them, and refused in words."""

import json
from pathlib import Path
from typing import Any

import pytest

from kode.errors import PlatformError
from kode.kube import auth
from kode.kube.config import ContextConfig, paths, read


def _config(**parts: Any) -> dict[str, Any]:
    return {
        "clusters": [{"name": "c", "cluster": {"server": "https://one:6443/"}}],
        "users": [{"name": "u", "user": {"token": "secret-token"}}],
        "contexts": [{"name": "dev", "context": {"cluster": "c", "user": "u", "namespace": "t"}}],
        "current-context": "dev",
        **parts,
    }


def _write(path: Path, text: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


def _chosen(tmp_path: Path, context: str = "", **parts: Any) -> ContextConfig:
    return read([_write(tmp_path / "config", _config(**parts))]).choose(context)


def _user(**fields: Any) -> list[dict[str, Any]]:
    return [{"name": "u", "user": fields}]


def _refusal(tmp_path: Path, context: str = "", **parts: Any) -> str:
    with pytest.raises(PlatformError) as told:
        _chosen(tmp_path, context, **parts)
    return told.value.message


def test_the_current_context_is_meant(tmp_path: Path) -> None:
    access = _chosen(tmp_path)
    assert (access.name, access.server.server, access.namespace) == ("dev", "https://one:6443", "t")
    assert access.user.token == "secret-token"
    assert "secret-token" not in repr(access)


def test_the_first_file_to_name_something_wins(tmp_path: Path) -> None:
    first = {"clusters": [{"name": "c", "cluster": {"server": "https://first"}}]}
    files = [
        _write(tmp_path / "a", first),
        tmp_path / "absent",
        _write(tmp_path / "b", _config()),
        _write(tmp_path / "empty", ""),
    ]
    access = read(files).choose()
    assert access.server.server == "https://first"
    assert access.user.token == "secret-token"


def test_null_is_as_good_as_nothing(tmp_path: Path) -> None:
    text = {"clusters": None, "users": None, "contexts": None, "current-context": None}
    files = [_write(tmp_path / "a", text), _write(tmp_path / "b", _config())]
    assert read(files).choose().name == "dev"


def test_a_token_of_digits_is_text(tmp_path: Path) -> None:
    assert _chosen(tmp_path, users=_user(token=12)).user.token == "12"


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    user = {
        "client-certificate": "pki/me.crt",
        "client-key": "/abs/me.key",
        "tokenFile": "token",
        "exec": {"command": "./bin/login", "apiVersion": "client.authentication.k8s.io/v1"},
    }
    server = {"server": "https://one", "certificate-authority": "ca.crt"}
    found = _chosen(tmp_path, users=_user(**user), clusters=[{"name": "c", "cluster": server}])
    assert found.user.client_certificate == str(tmp_path / "pki/me.crt")
    assert found.user.client_key == "/abs/me.key"
    assert found.user.token_file == str(tmp_path / "token")
    assert found.server.certificate_authority == str(tmp_path / "ca.crt")
    assert found.user.exec is not None
    assert found.user.exec.command == str(tmp_path / "bin/login")


def test_a_plugin_on_the_path_stays_there(tmp_path: Path) -> None:
    found = _chosen(tmp_path, users=_user(exec={"command": "login"})).user.exec
    assert found is not None
    assert found.command == "login"


@pytest.mark.parametrize(
    ("context", "parts", "words"),
    [
        ("other", {}, "context 'other' does not exist; contexts: dev"),
        ("", {"current-context": ""}, "select one with --context; contexts: dev"),
        ("", {"clusters": []}, "cluster 'c' of context 'dev' has no server"),
        ("", {"users": []}, "user 'u' of context 'dev' is not defined"),
        ("", {"users": _user(**{"auth-provider": {"name": "x"}})}, "auth-provider"),
        ("", {"users": _user(**{"as": "b", "as-groups": ["x", "y"]})}, "impersonation"),
        ("", {"contexts": 5}, "not a valid kubeconfig: contexts"),
    ],
)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, context: str, parts: dict[str, Any], words: str
) -> None:
    assert words in _refusal(tmp_path, context, **parts)


@pytest.mark.parametrize("text", ["{", "- 1", "a: &a [*a]", "\x00"])
def test_what_is_no_kubeconfig_is_told_with_its_path(tmp_path: Path, text: str) -> None:
    path = _write(tmp_path / "odd", text)
    with pytest.raises(PlatformError) as told:
        read([path]).choose()
    assert str(path) in told.value.message


def test_a_password_is_not_in_what_is_told(tmp_path: Path) -> None:
    assert "hunter2" not in _refusal(tmp_path, users=_user(password={"x": "hunter2"}))


def test_no_file_at_all_is_told_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="--kubeconfig or KUBECONFIG"):
        read([tmp_path / "absent"])
    with pytest.raises(PlatformError, match="directory"):
        read([tmp_path])


def test_which_files_are_meant(tmp_path: Path) -> None:
    several = {"KUBECONFIG": f"{tmp_path}/a::{tmp_path}/b:{tmp_path}/a", "HOME": "/home/me"}
    assert paths(several) == (tmp_path / "a", tmp_path / "b")
    assert paths(several, Path("mine")) == (Path("mine"),)
    assert paths({"HOME": "/home/me"}) == (Path("/home/me/.kube/config"),)


def test_a_pod_is_the_last_choice(tmp_path: Path) -> None:
    account = tmp_path / "account"
    environment = {"KUBERNETES_SERVICE_HOST": "::1", "HOME": str(tmp_path)}
    assert auth.in_pod(environment, account) is None
    _write(account / "token", "t")
    assert auth.in_pod({}, account) is None
    found = auth.in_pod(environment, account)
    assert found is not None
    assert (found.server.server, found.namespace) == ("https://[::1]:443", "")
    _write(account / "namespace", "team\n")
    found = auth.in_pod({**environment, "KUBERNETES_SERVICE_PORT": "6443"}, account)
    assert found is not None
    assert (found.server.server, found.namespace) == ("https://[::1]:6443", "team")
