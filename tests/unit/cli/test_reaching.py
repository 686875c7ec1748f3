"""`kode open`, `exec`, `shell`: how one gets to a Kode."""

import asyncio
import json
import os
import signal
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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


@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:alert(1)", "-x", "ssh://h"])
def test_only_pages_are_opened(run: Run, memory: Memory, opened: list[str], url: str) -> None:
    memory.hold(kode("dev"))
    memory.addresses["dev"] = Address(url)
    result = run("open", "dev")
    assert (result.exit_code, opened) == (6, [])
    assert "is no address of a page" in result.stderr


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


class Way:
    """Leads somewhere until somebody presses Ctrl-C, which is soon."""

    def __init__(self) -> None:
        self.leads: list[str] = []

    @asynccontextmanager
    async def lead(self) -> AsyncIterator[str]:
        self.leads.append("begun")
        soon = asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGINT)
        try:
            yield URL
        finally:
            self.leads.append("ended")
            soon.cancel()


@pytest.mark.parametrize(
    ("options", "browsed"), [([], [URL]), (["--print"], []), (["--output", "name"], [])]
)
def test_a_port_leads_there_until_ctrl_c_and_only_what_leads_is_told(
    run: Run, memory: Memory, opened: list[str], options: list[str], browsed: list[str]
) -> None:
    memory.hold(kode("dev"))
    way = Way()
    memory.addresses["dev"] = Address("", command=("lead", "there"), lead=way.lead)
    result = run("open", "dev", *options)
    assert (result.exit_code, result.stdout, opened) == (130, f"{URL}\n", browsed)
    assert way.leads == ["begun", "ended"]


def test_a_program_is_told_the_command_that_leads_there(
    run: Run, memory: Memory, opened: list[str]
) -> None:
    memory.hold(kode("dev"))
    way = Way()
    memory.addresses["dev"] = Address("", "me", command=("lead", "there"), lead=way.lead)
    told = json.loads(run("open", "dev", "-o", "json").stdout)
    assert told == {"url": "", "user": "me", "password": None, "command": ["lead", "there"]}
    assert (way.leads, opened) == ([], [])


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


def test_a_command_is_root_only_where_that_is_asked_for(run: Run, memory: Memory) -> None:
    memory.hold(kode("dev"))
    run("exec", "--root", "dev", "--", "ls", "--root")
    run("shell", "dev", "--root")
    assert memory.asked == [
        ("dev", "default", Command(["ls", "--root"], root=True)),
        ("dev", "default", Command([], root=True)),
    ]
