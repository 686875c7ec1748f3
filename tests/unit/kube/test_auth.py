"""Who asks: headers, certificates, programs that log in."""

import base64
import json
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kode.errors import PlatformError
from kode.kube import exec_credential, proxy_env
from kode.kube.auth import KubeconfigAuth
from kode.kube.config import AuthInfo, Cluster, ContextConfig

_V1 = "client.authentication.k8s.io/v1"


def _person(server: dict[str, Any] | None = None, /, **user: Any) -> KubeconfigAuth:
    where = Cluster.model_validate({"server": "https://one:6443", **(server or {})})
    return KubeconfigAuth(
        ContextConfig("dev", where, AuthInfo.model_validate(user)), {"PATH": "/usr/bin:/bin"}
    )


def _program(tmp_path: Path, text: str) -> str:
    path = tmp_path / "login"
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(stat.S_IRWXU)
    return str(path)


def _credential(**status: Any) -> str:
    return json.dumps({"apiVersion": _V1, "kind": "ExecCredential", "status": status})


async def test_each_way_to_say_who_asks(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    basic = base64.b64encode(b"me:pw").decode()
    assert await _person().headers() == {}
    assert await _person(token="t").headers() == {"Authorization": "Bearer t"}
    assert (await _person(token="t", tokenFile=str(file)).headers())["Authorization"] == (
        "Bearer from-file"
    )
    assert (await _person(username="me", password="pw").headers())["Authorization"] == (
        f"Basic {basic}"
    )
    found = await _person(token="t", **{"as": "x", "as-groups": ["g"]}).headers()
    assert (found["Impersonate-User"], found["Impersonate-Group"]) == ("x", "g")


async def test_a_token_file_is_read_again_when_it_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    person = _person(tokenFile=str(file))
    await person.headers()
    file.write_text("new")
    assert (await person.headers())["Authorization"] == "Bearer old"
    await person.refresh()
    assert (await person.headers())["Authorization"] == "Bearer new"


async def test_a_program_is_asked_once_until_its_answer_grows_old(tmp_path: Path) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    count = tmp_path / "count"
    for until, asked in (("", 1), (soon, 2)):
        count.write_text("")
        answer = _credential(token="t", expirationTimestamp=until)
        text = f"open({str(count)!r}, 'a').write('x')\nprint({answer!r})"
        person = _person(exec={"apiVersion": _V1, "command": _program(tmp_path, text)})
        for _ in range(2):
            assert (await person.headers())["Authorization"] == "Bearer t"
        assert len(count.read_text()) == asked


async def test_a_program_is_told_what_the_kubeconfig_says(tmp_path: Path) -> None:
    text = (
        "import json, os, sys\n"
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "token = f\"{sys.argv[1]}-{os.environ['A']}-{info['spec']['cluster']['server']}\"\n"
        f"print(json.dumps(dict(apiVersion={_V1!r}, kind='ExecCredential', "
        "status=dict(token=token))))"
    )
    how = {
        "apiVersion": _V1,
        "command": _program(tmp_path, text),
        "args": ["x"],
        "env": [{"name": "A", "value": "b"}],
        "provideClusterInfo": True,
    }
    assert (await _person(exec=how).headers())["Authorization"] == "Bearer x-b-https://one:6443"


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("raise SystemExit(3)", {}, "failed with exit code 3; get it there"),
        ("print('x')", {}, "not valid JSON"),
        ("print('{}')", {}, "not an ExecCredential"),
        ("", {"apiVersion": "v9"}, "apiVersion must be one of"),
        ("", {"command": "no-such-program"}, "cannot be run"),
        ("", {"interactiveMode": "Always"}, "needs an interactive terminal"),
    ],
)
async def test_a_program_that_does_not_log_in_is_told(
    tmp_path: Path, text: str, more: dict[str, Any], words: str
) -> None:
    how = {"apiVersion": _V1, "command": _program(tmp_path, text), "installHint": "get it there"}
    with pytest.raises(PlatformError) as told:
        await _person(exec={**how, **more}).headers()
    assert words in told.value.message
    assert "context 'dev'" in told.value.message


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (_credential(), "neither a token nor a certificate"),
        (_credential(clientCertificateData="c"), "without its key"),
        (_credential(token="t", expirationTimestamp="later"), "is not a valid time"),
        (_credential(token="t").replace("/v1", "/v1beta1"), "but the kubeconfig requires"),
    ],
)
def test_what_a_program_says_must_be_of_use(said: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        exec_credential.parse(said.encode(), _V1)


def test_certificates_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    odd = base64.b64encode(b"no certificate").decode()
    for server, user, words in (
        ({"certificate-authority-data": odd}, {}, "authority cannot be read"),
        ({"certificate-authority": str(tmp_path / "no")}, {}, "No such file"),
        ({"certificate-authority-data": "a"}, {}, "not valid base64"),
        ({}, {"client-certificate-data": odd, "client-key-data": odd}, "cannot be used"),
    ):
        with pytest.raises(PlatformError, match=words):
            _person(server, **user).tls()


def test_a_server_may_be_trusted_blindly_or_by_another_name() -> None:
    person = _person({"insecure-skip-tls-verify": True, "tls-server-name": "other"})
    assert person.tls().check_hostname is False
    assert person.tls() is person.tls()
    assert person.server_name() == "other"
    assert _person().server_name() is None


@pytest.mark.parametrize(
    ("server", "environment", "proxy"),
    [
        ("https://one:6443", {}, None),
        ("https://one:6443", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://one:6443", {"https_proxy": "p:1"}, "http://p:1"),
        ("https://one:6443", {"HTTP_PROXY": "p:1"}, None),
        ("http://one", {"HTTP_PROXY": "p:1"}, "http://p:1"),
        ("https://localhost:1", {"HTTPS_PROXY": "p:1"}, None),
        ("https://127.0.0.1:1", {"HTTPS_PROXY": "p:1"}, None),
        ("https://a.one", {"HTTPS_PROXY": "p:1", "NO_PROXY": "x, .one"}, None),
        ("https://a.one", {"HTTPS_PROXY": "p:1", "NO_PROXY": "*"}, None),
        ("https://one", {"HTTPS_PROXY": "p:1", "NO_PROXY": "ne"}, "http://p:1"),
        ("https://10.1.2.3", {"HTTPS_PROXY": "p:1", "no_proxy": "10.0.0.0/8"}, None),
        ("https://10.1.2.3", {"HTTPS_PROXY": "p:1", "no_proxy": "11.0.0.0/8"}, "http://p:1"),
    ],
)
def test_a_proxy_of_the_environment(
    server: str, environment: dict[str, str], proxy: str | None
) -> None:
    assert proxy_env.of(server, environment) == proxy


def test_a_proxy_of_the_kubeconfig_wins() -> None:
    assert _person({"proxy-url": "http://mine:1"}).proxy() == "http://mine:1"
