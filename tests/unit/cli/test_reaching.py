"""`kode open`, `exec`, `shell`: how one gets to a Kode."""

import json
import sys
import webbrowser

import pytest

from kode.platform.port import Address, Command
from tests.unit.cli.conftest import Run
from tests.unit.cli.memory import Memory, kode

URL = "http://dev.localhost:8080/"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(webbrowser, "open", found.append)
    monkeypatch.setenv("BROWSER", "one")
    return found


def test_the_browser_is_given_the_address(run: Run, memory: Memory, opened: list[str]) -> None:
    memory.hold(kode("dev"))
    memory.addresses["dev"] = Address(URL, "me", "made-up")
    result = run("open", "dev")
    assert (result.exit_code, result.stdout) == (0, f"{URL}\nuser: me\npassword: made-up\n")
    assert opened == [URL]


def test_without_a_display_there_is_only_the_address(
    run: Run, memory: Memory, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    memory.hold(kode("dev"))
    memory.addresses["dev"] = Address(URL, "me")
    result = run("open", "dev")
    assert (result.stdout, opened) == (f"{URL}\nuser: me\n", [])
    assert "the password is the one that was set" in result.stderr


def test_an_address_is_only_printed_when_asked(run: Run, memory: Memory, opened: list[str]) -> None:
    memory.hold(kode("dev"), kode("off", suspend=True, phase=""))
    memory.addresses["dev"] = Address(URL)
    assert run("open", "dev", "--print").stdout == f"{URL}\n"
    assert run("open", "dev", "-o", "name").stdout == f"{URL}\n"
    assert json.loads(run("open", "dev", "-o", "json").stdout) == {
        "url": URL,
        "user": None,
        "password": None,
        "command": [],
    }
    assert opened == []
    assert run("open", "off").stderr.endswith("error: off is suspended\nnext: kode start off\n")


def test_what_forwards_runs_while_the_browser_is_open(
    run: Run, memory: Memory, opened: list[str], unused_tcp_port: int
) -> None:
    memory.hold(kode("dev"))
    url = f"http://127.0.0.1:{unused_tcp_port}/"
    late = "import socket, sys, time; time.sleep(0.5); address = ('127.0.0.1', int(sys.argv[1]));"
    serve = f"{late} s = socket.create_server(address); s.accept(); sys.exit(7)"
    once = (sys.executable, "-c", serve, str(unused_tcp_port))
    memory.addresses["dev"] = Address(url, command=once)
    result = run("open", "dev")
    assert (result.exit_code, opened) == (7, [url])
    memory.addresses["dev"] = Address(url, command=(sys.executable, "-c", "pass"))
    broken = run("open", "dev")
    assert (broken.exit_code, broken.stderr[-40:]) == (
        6,
        f"error: nothing answers at {url}\n"[-40:],
    )


def test_what_forwards_to_nowhere_is_given_up(
    run: Run, memory: Memory, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kode.cli.open._ANSWERS_WITHIN", 0.2)
    memory.hold(kode("dev"))
    sleep = (sys.executable, "-c", "import time; time.sleep(60)")
    memory.addresses["dev"] = Address("http://127.0.0.1:9/", command=sleep)
    assert run("open", "dev").exit_code == 6
    assert opened == []


def test_a_command_has_its_own_exit_code(run: Run, memory: Memory) -> None:
    memory.hold(kode("dev"))
    memory.exit_code = 42
    assert run("exec", "dev", "--", "ls", "-l").exit_code == 42
    assert run("shell", "dev").exit_code == 42
    assert memory.asked == [
        ("dev", "default", Command(["ls", "-l"])),
        ("dev", "default", Command([])),
    ]
    assert run("exec", "nobody", "--", "ls").exit_code == 3
