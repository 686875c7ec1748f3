"""What an editor of this machine listens on while somebody works in it: Unix sockets, and no port.

Rule: real work, by the ways that a browser takes: a cell that runs, a terminal, an extension host;
every process with the Kode's home is looked at.
"""

import asyncio
import json
import os
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from kode.platform.local.editors.catalog import CODE_SERVER, JUPYTERLAB
from kode.platform.local.paths import Paths
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd
from tests.envoy import server
from tests.local import test_started as editors
from tests.local.test_started import Started

pytestmark = [pytest.mark.slow, pytest.mark.attack]

_HOST = "dev.localhost:8080"
_HOSTILE = """
c.KernelManager.transport = c.ServerKernelManager.transport = "tcp"
c.AsyncIOLoopKernelManager.transport = "tcp"
c.JupyterApp.runtime_dir = c.ServerApp.runtime_dir = "/nowhere"
"""
# What a forked process prints comes by a way of its own.
_CELL = """
import os, multiprocessing
def tell():
    print(f"{os.environ['JUPYTER_RUNTIME_DIR']} {6 * 7}", flush=True)
child = multiprocessing.get_context("fork").Process(target=tell)
child.start()
child.join()
"""


def listeners(editor: Started) -> list[str]:
    """Return the TCP ports on which a process with a Kode's home listens, as ss tells them."""
    listed = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    mark = b"HOME=" + os.fsencode(editor.volume)
    pids = {
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and mark in environment(entry)
    }
    assert pids
    return [line for line in listed.splitlines() if any(f"pid={pid}," in line for pid in pids)]


def environment(entry: Path) -> list[bytes]:
    try:
        return (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


@pytest.mark.parametrize(
    ("files", "more"),
    [
        ({}, {}),
        ({".jupyter/jupyter_server_config.py": _HOSTILE}, {}),
        (
            {},
            {
                "image": "quay.io/jupyter/minimal-notebook",
                "args": ["--transport=tcp"],
                "env": [{"name": "JUPYTER_RUNTIME_DIR", "value": "/nowhere"}],
            },
        ),
    ],
    ids=["as it ships", "a file of the home", "arguments"],
)
def test_a_kernel_runs_cells_and_listens_on_no_port(
    files: Mapping[str, str], more: Mapping[str, object]
) -> None:
    lab = editors.installed(JUPYTERLAB)
    with editors.started(lab, JUPYTERLAB, "python", files=files, **more) as editor:
        folder, answer = asyncio.run(worked(editor))
        assert answer.split()[1:] == ["42"], answer
        kernels = Path(answer.split()[0])
        assert kernels.parent == editor.socket.parent
        assert folder == 0o700
        assert kernels.stat().st_mode & 0o777 == folder


async def worked(editor: Started) -> tuple[int, str]:
    """Run a cell and a terminal; return the mode of the kernels' folder, and the cell's output."""
    connector = aiohttp.UnixConnector(str(editor.socket))
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(
        "http://localhost", connector=connector, cookie_jar=jar
    ) as http:
        async with http.get("/lab", headers={"Host": _HOST}) as page:
            assert page.status == 200
            assert "@jupyterlab/debugger-extension" in await page.text()
            token = page.cookies["_xsrf"].value
        head = {"Host": _HOST, "X-XSRFToken": token, "Cookie": f"_xsrf={token}"}
        async with http.post("/api/terminals", headers=head) as terminal:
            assert terminal.status == 200
        async with http.post("/api/kernels", headers=head, json={"name": "python3"}) as made:
            assert made.status == 201, await made.text()
            kernel = (await made.json())["id"]
        async with http.ws_connect(f"/api/kernels/{kernel}/channels", headers=head) as channels:
            await channels.send_str(json.dumps(request()))
            answer = await printed(channels)
            # As it works: a kernel, a terminal and the server.
            assert not (found := listeners(editor)), found
        (folder,) = editor.socket.parent.glob("k-*")
        assert [it for it in folder.iterdir() if it.is_socket()]
        return folder.stat().st_mode & 0o777, answer


def request() -> dict[str, object]:
    content = {"code": _CELL, "silent": False, "store_history": False, "allow_stdin": False}
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
    header |= {"session": uuid.uuid4().hex, "username": "me", "date": "2026-01-01T00:00:00Z"}
    parts = {"parent_header": {}, "metadata": {}, "content": content, "buffers": []}
    return {"channel": "shell", "header": header, **parts}


async def printed(channels: aiohttp.ClientWebSocketResponse) -> str:
    async with asyncio.timeout(120):
        while True:
            message = await channels.receive_json()
            if message["msg_type"] == "stream":
                return str(message["content"]["text"])
            assert message["msg_type"] != "error", message["content"]


def test_code_server_with_its_extension_host_and_a_terminal_listens_on_no_port(
    tmp_path: Path,
) -> None:
    code = editors.installed(CODE_SERVER)
    with editors.started(code, CODE_SERVER, "code-server") as editor:
        users = htpasswd(Credentials(editors.USER, editors.PASSWORD, "dev-auth"))
        sidecar = replace(editor.meaning.sidecar, upstream=editor.plan.upstream, users=users)
        with server.running(sidecar, tmp_path) as gateway:
            gateway.wait_until_ready()
            made = editor.plan.program.main.cwd / "made"
            # Asked from within, so while the browser is there.
            # In one step each: it may be typed again before it has run the first time.
            command = (
                f"ss -ltnpH >{made}.all; ps -A -o args >{made}.new; mv {made}.new {made}.ps; "
                f"mv {made}.all {made}"
            )
            editors.type_into(
                gateway.port,
                command,
                until=made,
                keys="Control+Backquote",
                then=lambda: check(editor),
            )
            assert "--type=extensionHost" in made.with_name("made.ps").read_text()


def check(editor: Started) -> None:
    """Fail where something of a Kode listens."""
    assert not (found := listeners(editor)), found


def test_the_longest_path_of_a_kernels_socket_is_one(tmp_path: Path) -> None:
    for length in range(1, 120):
        paths = Paths(Path("/" + "h" * length), tmp_path)
        name = f"k-01234567/kernel-{uuid.uuid4()}-ipc-5"
        assert len(os.fsencode(paths.sockets / name)) <= 107
