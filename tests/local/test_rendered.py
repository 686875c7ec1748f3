"""Editors started with what a pod's container says, among all that would have it otherwise.

Rule: the words are those of the manifest; only the home and the port are a test's own.
"""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from kode.platform.local.editors.catalog import CODE_SERVER, JUPYTERLAB
from kode.render import editor
from tests.documents import CODERCOM, resolved, template
from tests.local.test_started import HOSTILE, HOSTILE_JUPYTER, installed
from tests.polling import free_port

pytestmark = [pytest.mark.slow, pytest.mark.attack]

WITHIN = 120.0
ELSEWHERE = {"PORT": "1", "CODE_SERVER_HOST": "::", "JUPYTER_PORT": "1", "PASSWORD": "x"}


@contextmanager
def running(
    argv: Sequence[str], env: Mapping[str, str], home: Path, path: str, port: int
) -> Iterator[list[str]]:
    """Run a program until it answers; the addresses that it listens at."""
    log = home / "log"
    with log.open("wb") as out:
        main = subprocess.Popen(
            argv,
            env={"PATH": os.environ["PATH"], "HOME": str(home), **env},
            cwd=home,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + WITHIN
        while status(port, path) != HTTPStatus.OK:
            assert main.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        yield listening(main.pid)
    finally:
        os.killpg(main.pid, signal.SIGKILL)
        main.wait()


def status(port: int, path: str) -> int:
    """Return the status of a page; 0 where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            found: int = answer.status
            return found
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def listening(group: int) -> list[str]:
    """Return the local addresses of listening TCP sockets of a process group."""
    listed = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    pids = [
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and group_of(int(entry.name)) == group
    ]
    return [
        line.split()[3] for line in listed.splitlines() if any(f"pid={it}," in line for it in pids)
    ]


def group_of(pid: int) -> int:
    """Return the process group of a process; 0 where it is gone."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def container(**spec: Any) -> dict[str, Any]:
    """Return the editor's container of a Kode without a login."""
    return editor.container(resolved(over=template(**spec)))


def test_codercoms_code_server_is_on_loopback_alone_and_asks_for_nothing(tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / ".config" / "code-server" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(HOSTILE)
    given = ["--auth", "password", "--host=0.0.0.0", "--port=1", "--bind-addr=0.0.0.0:1"]
    given += [f"--config={config}", "--", "--auth=password"]
    words = container(image=CODERCOM, port=port, args=given)["args"]
    # As its entrypoint begins.
    argv = [*argv_of(CODE_SERVER), "--bind-addr", "0.0.0.0:8080", ".", *words]
    with running(argv, ELSEWHERE, tmp_path, "/?folder=/", port) as found:
        assert found == [f"127.0.0.1:{port}"]


def test_linuxservers_code_server_is_on_loopback_alone_and_asks_for_nothing(tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / ".config" / "code-server" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(HOSTILE)
    env = {it["name"]: it.get("value", "") for it in container(port=port)["env"]}
    # As its service does.
    auth = "password" if env["PASSWORD"] or env["HASHED_PASSWORD"] else "none"
    argv = [*argv_of(CODE_SERVER), "--bind-addr", "0.0.0.0:8443", "--auth", auth, str(tmp_path)]
    with running(argv, {**env, "HOME": str(tmp_path)}, tmp_path, "/?folder=/", port) as found:
        assert found == [f"127.0.0.1:{port}"]


@pytest.mark.parametrize("given", [[], ["--debug", "--", "{home}"]])
def test_jupyter_is_on_loopback_alone_and_asks_for_nothing(
    given: list[str], tmp_path: Path
) -> None:
    port = free_port()
    config = tmp_path / ".jupyter" / "jupyter_server_config.py"
    config.parent.mkdir(parents=True)
    config.write_text(HOSTILE_JUPYTER + "c.ServerApp.sock = '/tmp/elsewhere.sock'\n")
    (tmp_path / "workspace").mkdir()
    args = [it.format(home=tmp_path) for it in given]
    over = {"type": "jupyter", "image": "x", "port": port, "args": args}
    _, *words = container(**over, defaultHome=str(tmp_path))["args"]
    argv = [*argv_of(JUPYTERLAB), "--allow-root", "--no-browser", *words]
    with running(argv, ELSEWHERE, tmp_path, "/api/contents", port) as found:
        assert {it for it in found if it.endswith(f":{port}")} == {f"127.0.0.1:{port}"}
        assert not [it for it in found if not it.startswith("127.0.0.1:")]


def argv_of(name: str) -> tuple[str, ...]:
    """Return what starts an editor."""
    found = installed(name).installed(name)
    assert found
    return found.argv
