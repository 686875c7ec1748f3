"""A program in a network of its own, with real namespaces: who reaches it, and what it reaches."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from tempfile import mkdtemp

import pytest

import kode
from kode.platform.local.netns.network import UPLINKS, Network, enter
from tests.polling import free_port, until

pytestmark = pytest.mark.attack

PORT = 8000
HERE = Network()
SERVES = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(PORT))
NOBODY = "nobody"
# Exactly as where an administrator allows none.
NO_NETWORKS = 'echo 0 >/proc/sys/user/max_net_namespaces; exec "$@"'
LOOK = (
    "import asyncio, os; from kode.platform.local.netns.discovery import look; "
    "print(asyncio.run(look(os.defpath)).why_not)"
)

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's folder: with the test's name in it, it is too long for sockets.
    made = Path(mkdtemp(prefix="kode-"))
    (made / "index.html").write_text("mine")
    yield made
    shutil.rmtree(made)


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "s"


@pytest.fixture
def start(folder: Path, path: Path) -> Iterator[Start]:
    """Return what starts a program in a network of its own, in a process group of its own."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(
        *command: str, network: Network = HERE, change: Sequence[str] = (), user: int | None = None
    ) -> "subprocess.Popen[bytes]":
        argv = change or [*network.argv(path, PORT), *command]
        found = subprocess.Popen(
            argv,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
        running.append(found)
        return found

    yield begin
    for each in running:
        if each.poll() is None:
            os.killpg(each.pid, signal.SIGKILL)
        each.communicate()


def page(path: Path) -> bytes:
    """Return what is served at a socket; nothing where nobody is there."""
    connection = HTTPConnection("localhost", timeout=30)
    with socket.socket(socket.AF_UNIX) as stream:
        try:
            stream.connect(str(path))
            connection.sock = stream
            connection.request("GET", "/index.html")
            return connection.getresponse().read()
        except (OSError, ValueError):
            return b""


def served(path: Path) -> None:
    until(lambda: page(path) == b"mine", lambda: "nothing is served")


def test_its_port_is_behind_the_socket_and_nowhere_on_the_machine(start: Start, path: Path) -> None:
    start(*SERVES)
    served(path)
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as client:
            assert client.connect_ex((address, PORT)) != 0


def test_a_program_that_listens_on_the_other_loopback_is_reached_as_well(
    start: Start, path: Path
) -> None:
    start(*(word if word != "127.0.0.1" else "::1" for word in SERVES))
    served(path)


def test_another_user_of_the_machine_is_kept_out(start: Start, path: Path) -> None:
    if os.getuid():
        pytest.skip("only root becomes another user")
    start(*SERVES)
    served(path)
    path.parent.chmod(0o755)
    child = os.fork()
    if child == 0:
        os.setuid(pwd.getpwnam(NOBODY).pw_uid)
        with socket.socket(socket.AF_UNIX) as client:
            os._exit(client.connect_ex(str(path)) and 7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_person_without_rights_has_one_and_stays_who_they_are(
    start: Start, folder: Path, path: Path
) -> None:
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if os.getuid() or not python:
        pytest.skip("only root becomes another user, who needs a python3")
    user = pwd.getpwnam(NOBODY).pw_uid
    shutil.copytree(Path(kode.__file__).parent, folder / "src" / "kode")
    shutil.chown(folder, NOBODY)
    sources = str(Path(kode.__file__).parent.parent)
    words = {sys.executable: python, sources: str(folder / "src")}
    script = f"id -u >who; exec {python} -m http.server {PORT}"
    argv = [words.get(word, word) for word in (*HERE.argv(path, PORT), "sh", "-c", script)]
    start(change=argv, user=user)
    served(path)
    assert (folder / "who").read_text().strip() == str(user)
    beside = [words.get(word, word) for word in (*enter(path), "cat", "/proc/net/tcp")]
    found = subprocess.run(beside, user=user, extra_groups=[], capture_output=True, check=True)
    assert f":{PORT:04X}".encode() in found.stdout


def test_a_command_beside_it_is_in_its_network_and_folder(
    start: Start, folder: Path, path: Path
) -> None:
    start(*SERVES)
    served(path)
    script = (
        "import sys, urllib.request as r; sys.stdout.write(r.urlopen(sys.argv[1]).read().decode())"
    )
    url = f"http://127.0.0.1:{PORT}/index.html"
    beside = [*enter(path), sys.executable, "-c", script, url]
    assert subprocess.run(beside, capture_output=True, check=True).stdout == b"mine"
    where = subprocess.run([*enter(path), "pwd"], cwd=folder, capture_output=True, check=True)
    assert where.stdout.decode().strip() == str(folder)


@pytest.mark.parametrize(
    ("command", "code"), [(["sh", "-c", "exit 7"], 7), (["no-such-program"], 127), (["/etc"], 126)]
)
def test_a_command_beside_it_ends_as_it_would_alone(
    start: Start, path: Path, command: list[str], code: int
) -> None:
    start(*SERVES)
    served(path)
    assert subprocess.run([*enter(path), *command], check=False).returncode == code


def test_nothing_can_be_run_beside_what_does_not_run(path: Path) -> None:
    found = subprocess.run([*enter(path), "true"], capture_output=True, check=False)
    assert found.returncode == 1
    assert b"cannot enter" in found.stderr


def test_asked_to_end_the_program_ends_and_nothing_is_left(
    start: Start, folder: Path, path: Path
) -> None:
    found = start(*SERVES)
    served(path)
    os.killpg(found.pid, signal.SIGTERM)
    assert found.wait(60) == 128 + signal.SIGTERM
    assert sorted(it.name for it in folder.iterdir()) == ["index.html"]


def test_the_program_dies_with_what_it_is_behind(start: Start, folder: Path, path: Path) -> None:
    found = start("sh", "-c", f"echo $$ >pid; exec {' '.join(SERVES)}")
    served(path)
    program = int((folder / "pid").read_text())
    found.kill()
    until(lambda: not Path(f"/proc/{program}/exe").exists(), lambda: "it lives")


@pytest.mark.parametrize(
    ("command", "code"),
    [(["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137)],
)
def test_it_ends_with_the_exit_code_of_the_program(
    start: Start, command: list[str], code: int
) -> None:
    assert start(*command).wait(60) == code


def test_a_program_that_is_not_there_is_told(start: Start) -> None:
    found = start("no-such-program")
    assert found.wait(60) == 127
    assert found.stderr
    assert b"no-such-program" in found.stderr.read()


def test_with_an_uplink_it_reaches_the_machine_and_is_not_reached(
    start: Start, folder: Path, path: Path
) -> None:
    slirp = shutil.which("slirp4netns")
    if not slirp:
        pytest.skip("slirp4netns is not installed")
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:
        script = (
            "import socket, sys; "
            f"print(socket.create_connection(('10.0.2.2', {port}), 60).recv(9)); "
            "print(open('/etc/resolv.conf').readline())"
        )
        (folder / "reach.py").write_text(script)
        command = f"{sys.executable} reach.py >reached; exec {' '.join(SERVES)}"
        start("sh", "-c", command, network=Network(uplink=slirp))
        client, _ = server.accept()
        client.sendall(b"hello")
        client.close()
    served(path)
    assert (folder / "reached").read_text().split() == [
        "b'hello'",
        "nameserver",
        UPLINKS["slirp4netns"][1],
    ]
    # The machine's own names are looked up as before.
    assert UPLINKS["slirp4netns"][1] not in Path("/etc/resolv.conf").read_text()
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", PORT)) != 0


def test_an_uplink_that_fails_is_told_and_nothing_runs(start: Start, folder: Path) -> None:
    broken = folder / "slirp4netns"
    broken.write_text("#!/bin/sh\necho 'no tun here' >&2; exit 1\n")
    broken.chmod(0o755)
    found = start("touch", "ran", network=Network(uplink=str(broken)))
    assert found.wait(60) == 1
    assert found.stderr
    assert b"no tun here" in found.stderr.read()
    assert not (folder / "ran").exists()


def test_a_machine_that_allows_none_says_which_step_it_refuses() -> None:
    argv = ["unshare", "--user", "--map-root-user", "sh", "-c", NO_NETWORKS, "sh"]
    environment = {**os.environ, "PYTHONPATH": str(Path(kode.__file__).parent.parent)}
    found = subprocess.run(
        [*argv, sys.executable, "-c", LOOK],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.startswith("cannot create a network namespace"), found.stderr
