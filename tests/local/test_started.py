"""Editors started as their plan says, in front of a real Envoy and a real browser.

Rule: only what the plan gives: its steps, its argv, its environment; nothing is added here.
"""

import asyncio
import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, socket
from tempfile import mkdtemp
from types import MappingProxyType
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.template import KodeClusterTemplate
from kode.desired.desired_state import DesiredState, derive
from kode.platform.local.editors import host_env
from kode.platform.local.editors.catalog import CODE_SERVER, JUPYTERLAB
from kode.platform.local.editors.check import check_responds
from kode.platform.local.editors.editors import Editors
from kode.platform.local.paths import Paths
from kode.platform.local.program import Program
from kode.platform.local.runtime.host import HostContext
from kode.platform.local.runtime.plan import Plan, plan
from kode.platform.local.templates.shipped_templates import documents
from kode.render.resolve import Credentials, ResolvedKode, resolve
from kode.render.secret import htpasswd
from tests.envoy import server

pytestmark = pytest.mark.slow

USER, PASSWORD = "ann", "long enough: ü"
BASIC = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
LONG = "a-name-that-is-as-long-as-names-may-be-0123456789abc"


@dataclass(frozen=True)
class Started:
    """A program that runs.

    Attributes:
        meaning: of its Kode.
        plan: what it was started by.
        volume: folder of its files.
        log: what it printed.
    """

    meaning: DesiredState
    plan: Plan
    volume: Path
    log: Path

    @property
    def socket(self) -> Path:
        """Where it listens."""
        health = self.plan.program.health
        assert health
        assert health.socket
        return health.socket

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, str]:
        """Ask it over its socket; return status and body."""
        connection = HTTPConnection("localhost")
        with socket(AF_UNIX) as stream:
            stream.connect(str(self.socket))
            connection.sock = stream
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


def installed(name: str) -> Editors:
    """Return the person's own editors, among them this one."""
    editors = Editors(Paths.of(os.environ))
    asyncio.run(editors.install(name))
    return editors


@contextmanager
def started(
    editors: Editors,
    name: str,
    template: str,
    files: Mapping[str, str] = MappingProxyType({}),
    **more: object,
) -> Iterator[Started]:
    """Run what a Kode of a template that ships means, in a home with files, until it answers."""
    root = Path(mkdtemp(prefix="kode-"))
    paths = Paths(root, root / "cache")
    meaning = derive(_resolved(template, more))
    account = pwd.getpwuid(os.getuid())
    host = HostContext(
        instance="dev-0123456789ab",
        volume=paths.volume("default", f"{LONG}-home"),
        sockets=paths.sockets,
        log=root / "log",
        port=0,
        user=account.pw_name,
        shell=account.pw_shell,
        uid=os.getuid(),
        gid=os.getgid(),
        editor=editors.installed(name),
        inherited=host_env.inherit_env(os.environ),
    )
    found = plan(meaning, host)
    program = found.program
    paths.sockets.mkdir()
    _prepare(program, host.volume, files)
    with host.log.open("wb") as log:
        main = subprocess.Popen(
            program.main.argv,
            env=dict(program.main.env),
            cwd=program.main.cwd,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    running = Started(meaning, found, host.volume, host.log)
    try:
        assert program.health
        _until(lambda: _responds(running.socket, found.upstream.health_path), main, host.log)
        yield running
    finally:
        os.killpg(main.pid, signal.SIGKILL)
        main.wait()
        shutil.rmtree(root, ignore_errors=True)


def _prepare(program: Program, home: Path, files: Mapping[str, str]) -> None:
    program.main.cwd.mkdir(parents=True)
    for path, text in files.items():
        (home / path).parent.mkdir(parents=True)
        (home / path).write_text(text)
    for step in program.steps:
        subprocess.run(step.argv, env=dict(step.env), cwd=step.cwd, check=True)


def _resolved(template: str, more: dict[str, object]) -> ResolvedKode:
    found = next(item for item in documents() if item["metadata"]["name"] == template)
    ships = {**found, "spec": {**found["spec"], **more}}
    over = parse(ships)
    reference = {"kind": "KodeClusterTemplate", "name": template}
    metadata = {"name": LONG, "namespace": "default", "uid": "1"}
    document = {"apiVersion": ships["apiVersion"], "kind": "Kode", "metadata": metadata}
    kode = parse({**document, "spec": {"templateRef": reference}})
    assert isinstance(over, KodeClusterTemplate)
    assert isinstance(kode, Kode)
    return resolve(kode, over, None, Credentials(USER, PASSWORD, "dev-auth"))


def _responds(socket: Path, path: str) -> bool:
    return asyncio.run(check_responds(socket, path))


def _until(done: Callable[[], bool], main: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 120
    while not done():
        assert main.poll() is None, log.read_text()
        assert time.monotonic() < end
        time.sleep(0.1)


def _listening(pid_of: Path) -> list[str]:
    """Return the TCP ports at which programs with a word in their command line listen."""
    listed = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    pids = {
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and os.fsencode(pid_of) in _command(entry)
    }
    return [line for line in listed.splitlines() if any(f"pid={pid}," in line for pid in pids)]


def _command(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


def test_code_server_answers_on_its_socket_alone() -> None:
    editors = installed(CODE_SERVER)
    with started(editors, CODE_SERVER, "code-server") as editor:
        assert json.loads(editor.ask("GET", "/healthz")[1])["status"]
        assert editor.socket.stat().st_mode & 0o777 == 0o600
        # It asks for nothing; who reaches the socket has come through the gateway.
        status, _ = editor.ask("GET", "/?folder=/", Host="dev.localhost:8080")
        assert status == 200
        assert not _listening(editor.socket.parent)
        # A socket in a home of this depth would be too long.
        assert "Session server listening" in editor.log.read_text()


def test_nothing_that_a_template_says_opens_a_port() -> None:
    editors = installed(CODE_SERVER)
    elsewhere: dict[str, Any] = {
        "image": "codercom/code-server",
        "args": ["--bind-addr=0.0.0.0:9911", "--auth=password", "--socket-mode=666", "--"],
        "env": [
            {"name": "PORT", "value": "9912"},
            {"name": "CODE_SERVER_HOST", "value": "::"},
        ],
    }
    with started(editors, CODE_SERVER, "code-server", **elsewhere) as editor:
        assert editor.socket.stat().st_mode & 0o777 == 0o600
        assert not _listening(editor.socket.parent)
        assert editor.ask("GET", "/?folder=/", Host="dev.localhost:8080")[0] == 200


HOSTILE = """
cert: true
auth: password
hashed-password: "ab"
bind-addr: 0.0.0.0:9913
socket-fd: 3
trusted-origins: ["*"]
proxy-domain: evil.example
"""
HOSTILE_JUPYTER = """
c.ServerApp.ip = "0.0.0.0"
c.ServerApp.port = 9914
c.ServerApp.certfile = c.ServerApp.keyfile = c.ServerApp.client_ca = "/nowhere"
c.ServerApp.ssl_options = {"certfile": "/nowhere"}
c.ServerApp.base_url = "/elsewhere/"
c.ServerApp.token = c.IdentityProvider.token = c.PasswordIdentityProvider.token = "t"
c.ServerApp.password = c.PasswordIdentityProvider.hashed_password = "argon2:x"
c.ServerApp.password_required = c.PasswordIdentityProvider.password_required = True
c.ServerApp.login_handler_class = "jupyter_server.auth.login.LoginFormHandler"
c.ServerApp.identity_provider_class = "jupyter_server.auth.identity.LegacyIdentityProvider"
"""


@pytest.mark.attack
def test_no_file_of_the_home_takes_code_server_from_behind_its_door() -> None:
    files = {".config/code-server/config.yaml": HOSTILE}
    with started(installed(CODE_SERVER), CODE_SERVER, "code-server", files=files) as editor:
        _, page = editor.ask("GET", "/?folder=/", Host="dev.localhost:8080")
        assert "workbench" in page
        assert not _listening(editor.socket.parent)
        head = {"Host": "dev.localhost:8080", "Origin": "http://evil.example"}
        assert editor.ask("GET", "/stable-x", **head, **_UPGRADE)[0] == 403


@pytest.mark.attack
def test_no_file_of_the_home_takes_jupyter_from_behind_its_door() -> None:
    files = {".jupyter/jupyter_server_config.py": HOSTILE_JUPYTER}
    with started(installed(JUPYTERLAB), JUPYTERLAB, "python", files=files) as editor:
        assert editor.ask("GET", "/lab", Host="dev.localhost:8080")[0] == 200
        assert editor.ask("GET", "/api/contents", Host="dev.localhost:8080")[0] == 200
        assert not _listening(editor.socket.parent)


def test_what_a_person_sets_is_there_in_the_terminal_of_the_browser(tmp_path: Path) -> None:
    given = [
        {"name": "GITHUB_TOKEN", "value": "not-real"},
        {"name": "PASSWORD", "value": "of a database"},
        {"name": "PATH", "value": "/opt/mine/bin:$(PATH)"},
        {"name": "MINE", "value": "yes"},
        {"name": "WHERE", "value": "$(HOME)/x $(KODE_NAMESPACE)/$(KODE_NAME) $(USER)"},
        {"name": "SELF", "value": "http://127.0.0.1:$(PORT)/ $$(HOME) $(NOBODY)"},
    ]
    editors = installed(CODE_SERVER)
    with started(editors, CODE_SERVER, "code-server", env=given) as editor:
        sidecar = replace(
            editor.meaning.sidecar,
            upstream=editor.plan.upstream,
            users=htpasswd(Credentials(USER, PASSWORD, "dev-auth")),
        )
        with server.running(sidecar, tmp_path) as gateway:
            gateway.wait_until_ready()
            made = editor.plan.program.main.cwd / "made"
            type_into(gateway.port, f"env >{made}", until=made, keys="Control+Backquote")
            lines = made.read_text().splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    assert {name: found[name] for name in ("GITHUB_TOKEN", "PASSWORD", "MINE")} == {
        "GITHUB_TOKEN": "not-real",
        "PASSWORD": "of a database",
        "MINE": "yes",
    }
    account = pwd.getpwuid(os.getuid())
    assert found["PATH"].endswith(f"/opt/mine/bin:{os.environ['PATH']}")
    assert found["WHERE"] == f"{found['HOME']}/x default/{LONG} {account.pw_name}"
    assert found["SELF"] == "http://127.0.0.1:8443/ $(HOME) $(NOBODY)"
    assert found["SHELL"] == account.pw_shell
    assert not [name for name in found if name == "PORT" or name.startswith("VSCODE_KODE_")]


def test_jupyter_lets_no_page_write_that_it_did_not_serve() -> None:
    editors = installed(JUPYTERLAB)
    with started(editors, JUPYTERLAB, "python") as editor:
        assert json.loads(editor.ask("GET", "/api")[1])["version"]
        assert editor.socket.stat().st_mode & 0o777 == 0o600
        assert editor.ask("GET", "/lab", Host="dev.localhost:8080")[0] == 200
        assert editor.ask("POST", "/api/terminals", Host="dev.localhost:8080")[0] == 403
        assert not _listening(editor.socket.parent)
        _a_cell_sees_the_kodes_own_python(editor)


def _a_cell_sees_the_kodes_own_python(editor: Started) -> None:
    main = editor.plan.program.main
    notebook = main.cwd / "n.ipynb"
    source = "import sys, pandas, matplotlib; open('made', 'w').write(sys.prefix)"
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
    cells = [{**cell, "execution_count": None, "id": "one"}]
    notebook.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    run = [main.argv[0], "-P", "-m", "nbconvert", "--execute", "--to", "notebook", str(notebook)]
    subprocess.run(run, env=dict(main.env), cwd=main.cwd, check=True, capture_output=True)
    assert (main.cwd / "made").read_text() == main.env["VIRTUAL_ENV"]


def test_terminal_works_through_envoy(tmp_path: Path) -> None:
    editors = installed(JUPYTERLAB)
    with started(editors, JUPYTERLAB, "terminal") as editor:
        credentials = editor.meaning.kode.credentials
        assert credentials
        users = tmp_path / "users"
        users.write_text(htpasswd(credentials), encoding="utf-8")
        sidecar = replace(
            editor.meaning.sidecar, upstream=editor.plan.upstream, users_file=str(users)
        )
        with server.running(sidecar, tmp_path) as gateway:
            gateway.wait_until_ready()
            assert gateway.ask("/").status == 401
            assert gateway.ask("/api", {"Authorization": BASIC}).status == 200
            made = editor.plan.program.main.cwd / "made"
            type_into(gateway.port, f"pip --version >{made}", until=made)
            assert "jupyterlab" in made.read_text()


def type_into(
    port: int,
    command: str,
    *,
    until: Path,
    keys: str = "",
    then: Callable[[], None] = lambda: None,
) -> None:
    """Type a command into a terminal until it has made a file; then do what is to be done there.

    It is the first page, or opened by keys.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "no chromium on the PATH: make deps installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(http_credentials={"username": USER, "password": PASSWORD})
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"http://dev.localhost:{port}/")
        if keys:
            page.locator(".explorer-folders-view .monaco-list").wait_for()
            page.keyboard.press(keys)
        page.locator(".xterm-helper-textarea").first.wait_for(state="attached")
        for tries in range(600):
            if until.exists() and until.read_text():
                break
            if tries % 20 == 0:
                # What is typed before the shell is there may be lost; what is not runs once.
                page.locator(".xterm-helper-textarea").first.focus()
                page.keyboard.type(f"[ -s {until} ] || {{ {command}; }}\n")
            page.wait_for_timeout(100)
        then()
        browser.close()
