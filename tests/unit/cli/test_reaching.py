"""`kode open`, `exec`, `shell`: how one gets to a Kode."""

import json
import sys
import webbrowser

import pytest

from kode.platform.port import Endpoint, ExecOptions
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
    memory.endpoints["dev"] = Endpoint(URL, "me", "made-up")
    result = run("open", "dev")
    assert (result.exit_code, result.stdout) == (0, f"{URL}\nuser: me\npassword: made-up\n")
    assert opened == [URL]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:alert(1)", "-x", "ssh://h"])
def test_only_pages_are_opened(run: Run, memory: Memory, opened: list[str], url: str) -> None:
    memory.hold(kode("dev"))
    memory.endpoints["dev"] = Endpoint(url)
    result = run("open", "dev")
    assert (result.exit_code, opened) == (6, [])
    assert url in result.stderr


def test_without_a_display_there_is_only_the_address(
    run: Run, memory: Memory, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    memory.hold(kode("dev"))
    memory.endpoints["dev"] = Endpoint(URL, "me")
    result = run("open", "dev")
    assert (result.stdout, opened) == (f"{URL}\nuser: me\n", [])
    assert "password" in result.stderr


def test_an_address_is_only_printed_when_asked(run: Run, memory: Memory, opened: list[str]) -> None:
    memory.hold(kode("dev"), kode("off", suspend=True, phase=""))
    memory.endpoints["dev"] = Endpoint(URL)
    assert run("open", "dev", "--print").stdout == f"{URL}\n"
    assert run("open", "dev", "-o", "name").stdout == f"{URL}\n"
    assert json.loads(run("open", "dev", "-o", "json").stdout) == {
        "url": URL,
        "user": None,
        "password": None,
    }
    assert opened == []
    assert run("open", "off").exit_code == 5


@pytest.mark.parametrize(
    ("options", "printed", "browsed"),
    [
        ([], f"{URL}\nuser: me\n", [URL]),
        (["--print"], f"{URL}\nuser: me\n", []),
        (["-o", "name"], f"{URL}\n", []),
        (["-o", "json"], {"url": URL, "user": "me", "password": None}, []),
    ],
)
def test_a_tunnel_leads_there_until_ctrl_c_where_there_is_no_url(
    run: Run,
    memory: Memory,
    opened: list[str],
    options: list[str],
    printed: str | dict[str, object],
    browsed: list[str],
) -> None:
    memory.hold(kode("dev"))
    memory.endpoints["dev"] = Endpoint("", "me")
    memory.tunnel_url = URL
    result = run("open", "dev", *options)
    shown = result.stdout if isinstance(printed, str) else json.loads(result.stdout)
    assert (result.exit_code, shown, opened) == (130, printed, browsed)
    assert "until Ctrl-C" in result.stderr
    assert memory.tunnels == ["dev opened", "dev closed"]


def test_a_command_has_its_own_exit_code(run: Run, memory: Memory) -> None:
    memory.hold(kode("dev"))
    memory.exit_code = 42
    assert run("exec", "dev", "--", "ls", "-l").exit_code == 42
    assert run("shell", "dev").exit_code == 42
    assert memory.asked == [
        ("dev", "default", ExecOptions(["ls", "-l"])),
        ("dev", "default", ExecOptions([])),
    ]
    assert run("exec", "nobody", "--", "ls").exit_code == 3


def test_a_command_is_root_only_where_that_is_asked_for(run: Run, memory: Memory) -> None:
    memory.hold(kode("dev"))
    run("exec", "--root", "dev", "--", "ls", "--root")
    run("shell", "dev", "--root")
    assert memory.asked == [
        ("dev", "default", ExecOptions(["ls", "--root"], root=True)),
        ("dev", "default", ExecOptions([], root=True)),
    ]
