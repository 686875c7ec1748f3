"""Programs of a template's own on one machine: who reaches them, and by which way."""

import json
import re
import signal
import subprocess
import sys

import pytest

from tests.local.kodes import kode, template
from tests.local.machine import KODE, Machine, command_lines
from tests.polling import until

pytestmark = [pytest.mark.slow, pytest.mark.attack]

PORT = 8000
# Serves its folder on the Unix socket that its variable names.
ON_A_SOCKET = """
import http.server, os, socketserver
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer): pass
class Handler(http.server.SimpleHTTPRequestHandler):
    def address_string(self): return "a socket"
Server(os.environ["KODE_SOCKET"], Handler).serve_forever()
"""
ACCEPTED = "metadata: {name: accepted, namespace: default"
FETCH = "import sys, urllib.request as r; sys.stdout.write(r.urlopen(sys.argv[1]).read().decode())"


@pytest.fixture(scope="module", autouse=True)
def _up(machine: Machine) -> None:
    machine.up("--empty")
    on_a_socket = f"{json.dumps(sys.executable)}, -c, {json.dumps(ON_A_SOCKET)}"
    machine.apply(template(), template("socket", on_a_socket))


def degraded(machine: Machine, name: str) -> str:
    return str(machine.condition(name, "Degraded").get("message", ""))


def ports(machine: Machine) -> set[int]:
    """Return the ports of this machine that the platform and its Kodes listen on."""
    return {port for _, port in machine.listening()}


def test_no_port_of_the_machine_leads_to_a_program_that_listens_on_one(machine: Machine) -> None:
    machine.apply(kode("closed"))
    machine.ready("closed")
    (machine.files("closed") / "workspace" / "hello.txt").write_text("hello")
    answer = machine.ask("closed.localhost", "/hello.txt", machine.login("closed"))
    assert (answer.status, answer.body) == (200, "hello")
    assert machine.ask("closed.localhost", "/hello.txt").status == 401
    assert ports(machine) == {machine.port}


def test_a_command_beside_it_finds_it_at_its_port(machine: Machine) -> None:
    machine.apply(kode("beside"))
    machine.ready("beside")
    (machine.files("beside") / "workspace" / "hello.txt").write_text("hello")
    url = f"http://127.0.0.1:{PORT}/hello.txt"
    assert machine.kode("exec", "beside", "--", sys.executable, "-c", FETCH, url) == "hello"
    assert machine.run("exec", "beside", "--", "no-such-program").returncode == 127


def test_a_program_that_takes_a_unix_socket_is_asked_there(machine: Machine) -> None:
    machine.apply(kode("socket", template="socket"))
    machine.ready("socket")
    (machine.files("socket") / "workspace" / "hello.txt").write_text("hello")
    answer = machine.ask("socket.localhost", "/hello.txt", machine.login("socket"))
    assert (answer.status, answer.body) == (200, "hello")
    assert ports(machine) == {machine.port}
    assert "network" not in degraded(machine, "socket")


def test_an_open_port_needs_the_word_of_the_kode_and_is_told(machine: Machine) -> None:
    text = kode("accepted").replace(
        ACCEPTED, f"{ACCEPTED}, annotations: {{kode.jacero.io/network: host}}"
    )
    machine.apply(text)
    machine.ready("accepted")
    told = degraded(machine, "accepted")
    port = re.search(r"127\.0\.0\.1:(\d+), where other users", told)
    assert port, told
    assert int(port[1]) in ports(machine)
    # Taken back, the program is started anew at once, behind its socket.
    machine.apply(kode("accepted"))
    until(lambda: int(port[1]) not in ports(machine), lambda: "the port stays open")
    machine.ready("accepted")
    assert "where other users" not in degraded(machine, "accepted")


def test_an_unknown_network_is_refused_and_nothing_runs(machine: Machine) -> None:
    machine.apply(
        kode("odd").replace("{name: odd", "{name: odd, annotations: {kode.jacero.io/network: all}")
    )
    machine.told("odd", "InvalidSpec", status="False")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_what_a_command_started_ends_with_the_tool(
    machine: Machine, number: signal.Signals
) -> None:
    machine.apply(kode("left"))
    machine.ready("left")
    script = f"setsid sleep 987{int(number)} & sleep 987{int(number)}"
    argv = [str(KODE), "exec", "left", "--", "sh", "-c", script]
    with subprocess.Popen(argv, env=machine.environment, stderr=subprocess.DEVNULL) as tool:
        until(lambda: len(sleepers(number)) == 2, lambda: "they do not start")
        tool.send_signal(number)
        tool.wait(60)
    until(lambda: sleepers(number) == [], lambda: str(sleepers(number)))


def sleepers(number: int) -> list[bytes]:
    return [line for line in command_lines() if line == f"sleep\0987{number}\0".encode()]
