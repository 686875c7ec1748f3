"""The relay between a container and the gateway, before a program that stands for podman."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kode.platform.local.shim import socket_proxy
from tests.polling import free_port, until

SIZE = 8 * 2**20
# It echoes until it hears the end of what is sent, and ends with 7 when asked to.
PODMAN = """
import os, signal, socket, sys, threading
signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open(sys.argv[2], "w").write(str(os.getpid()))
def echo(client):
    while part := client.recv(65536):
        client.sendall(part)
    client.close()
while True:
    threading.Thread(target=echo, args=[server.accept()[0]], daemon=True).start()
"""

Started = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


@pytest.fixture
def started(path: Path) -> Iterator[Started]:
    """Return what starts a relay before a program, in a process group of its own."""
    running: list[subprocess.Popen[bytes]] = []

    def start(program: str) -> "subprocess.Popen[bytes]":
        port, pid = str(free_port()), f"{path}.pid"
        command = [sys.executable, "-c", program, port, pid]
        argv = [sys.executable, "-I", "-S", socket_proxy.__file__, str(path), port, pid, *command]
        found = subprocess.Popen(argv, stderr=subprocess.PIPE, start_new_session=True)
        running.append(found)
        return found

    yield start
    for each in running:
        if each.poll() is None:
            os.killpg(each.pid, signal.SIGKILL)
        each.communicate()


def connected(path: Path) -> socket.socket:
    """Return a connection to what listens, once it does."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    until(lambda: client.connect_ex(str(path)) == 0, lambda: "nobody listens")
    return client


def answer(client: socket.socket) -> bytes:
    """Return the first byte that a request is answered with; nothing where it is hung up on."""
    try:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return client.recv(1)
    except ConnectionError:
        return b""


def test_everything_goes_through_and_the_end_of_it_too(started: Started, path: Path) -> None:
    started(PODMAN)
    sent = os.urandom(SIZE)
    with connected(path) as client, connected(path) as other:
        sender = os.fork()
        if sender == 0:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            os._exit(0)
        other.sendall(b"beside it")
        assert other.recv(100) == b"beside it"
        got = bytearray()
        while part := client.recv(2**20):
            got += part
        os.waitpid(sender, 0)
    assert bytes(got) == sent


def test_only_its_owner_may_open_the_socket(started: Started, path: Path) -> None:
    started(PODMAN)
    connected(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_ends_as_podman_does_and_leaves_nothing(started: Started, path: Path) -> None:
    found = started(PODMAN)
    connected(path).close()
    os.killpg(found.pid, signal.SIGTERM)
    assert found.wait(60) == 7
    assert not path.exists()
    assert not Path(f"{path}.pid").exists()


def test_an_end_before_there_is_a_container_is_an_end(started: Started) -> None:
    assert started("import sys; sys.exit(125)").wait(60) == 125
    assert started("import os; os.kill(os.getpid(), 9)").wait(60) == 137


def test_a_container_that_cannot_be_entered_is_told(started: Started) -> None:
    program = "import sys, time; open(sys.argv[2], 'w').write('4194305'); time.sleep(600)"
    found = started(program)
    assert found.wait(60) == 1
    assert found.stderr
    assert b"No such file" in found.stderr.read()


def test_an_editor_that_does_not_listen_yet_is_no_answer(started: Started, path: Path) -> None:
    program = "import os, sys, time; open(sys.argv[2], 'w').write(str(os.getpid())); "
    started(f"{program}time.sleep(600)")
    with connected(path) as client:
        assert answer(client) == b""
