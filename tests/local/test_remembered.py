"""A login is remembered on one machine too, and the cookie is of no use to its other users.

Rule: a browser sends a cookie of `dev.localhost` to whoever listens on any port of that host; the
tests give it to somebody else and look what it opens.
"""

import asyncio
import os
import pwd
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Error, async_playwright

from kode.gateway.sidecar import AuthMode as Decides
from kode.platform.local.gateway import Route
from kode.render.resolve import Credentials
from kode.render.secret import htpasswd
from tests.local.gateways import LOGIN, PASSWORD, USER, RunningGateway, running_gateway, said

pytestmark = pytest.mark.attack

COOKIES = {"one": "kode-login-0000000000000001", "two": "kode-login-0000000000000002"}
SESSIONS = {"one": "1" * 43, "two": "2" * 43}
SOMEBODY_ELSE = "nobody"
# As no program of this test's own user: bash speaks TCP without any other program.
_ASK = 'exec 3<>"/dev/tcp/$1/$2" && printf "%b" "$3" >&3 && read -r -t 10 line <&3 && echo "$line"'


@pytest.fixture
async def found(tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """A gateway with two Kodes that ask for the same password and remember who had it."""
    async with running_gateway(tmp_path) as opened:
        for name in COOKIES:
            await opened.move_in(name)
        assert await opened.gateway.set_routes([_entry(opened, name) for name in COOKIES]) == {}
        for name in COOKIES:
            await opened.until_served(name, Authorization=LOGIN)
        yield opened


def _entry(opened: RunningGateway, name: str) -> Route:
    users = htpasswd(Credentials(USER, PASSWORD, "dev-auth"), SESSIONS[name])
    more = {"users": users, "cookie": COOKIES[name], "session": SESSIONS[name]}
    return replace(opened.entry(name, Decides.BASIC, **more), users="")


def _cookie(name: str, of: str = "") -> dict[str, str]:
    return {"Cookie": f"{COOKIES[name]}={SESSIONS[of or name]}"}


async def test_after_a_login_a_websocket_wants_no_authorization(found: RunningGateway) -> None:
    _, headers, _ = await found.ask("one.localhost", Authorization=LOGIN)
    cookie, _, rest = headers["Set-Cookie"].partition("; ")
    assert cookie == _cookie("one")["Cookie"]
    assert rest == "Path=/; HttpOnly; SameSite=Strict"
    opened = await found.websocket("one", Cookie=cookie, Origin=found.origin("one"))
    assert await said(opened, "x") == "one heard x"
    await opened.close()


@pytest.mark.parametrize(
    "headers", [{}, _cookie("two"), _cookie("one", of="two"), _cookie("two", of="one")]
)
async def test_strangers_and_cookies_of_another_kode_are_asked(
    found: RunningGateway, headers: dict[str, str]
) -> None:
    status, answered, _ = await found.ask("one.localhost", **headers)
    assert status == 401
    assert "Set-Cookie" not in answered
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await found.websocket("one", **headers)
    assert refused.value.status == 401


async def test_the_editor_sees_no_cookie_of_a_sidecar_and_nothing_of_the_way(
    found: RunningGateway,
) -> None:
    cookie = f"a=1; {_cookie('one')['Cookie']}; {_cookie('two')['Cookie']}"
    status, _, text = await found.ask(
        "one.localhost", Cookie=cookie, X_Kode_Connection="127.0.0.1:1 127.0.0.1:2"
    )
    assert status == 200
    assert "kode" not in text.lower()
    assert '"Cookie": "a=1"' in text


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_the_cookie_opens_nothing_to_another_user_of_the_machine(
    found: RunningGateway, address: str
) -> None:
    if address == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    cookie = _cookie("one")
    # A connection of the person's own stands beside theirs, and they say that it is theirs.
    opened = await found.websocket("one", **cookie)
    assert opened.get_extra_info("sockname")
    ends = (opened.get_extra_info(it) for it in ("sockname", "peername"))
    forged = " ".join(f"{end[0]}:{end[1]}" for end in ends)
    for more in ({}, {"X-Kode-Connection": forged}):
        for headers in (cookie, {**cookie, "Connection": "Upgrade", "Upgrade": "websocket"}):
            asked = {**headers, **more, "Host": f"one.localhost:{found.port}"}
            assert await _asked(address, found.port, asked, SOMEBODY_ELSE) == "401"
            mine = "101" if "Upgrade" in headers else "200"
            key = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw=="}
            assert await _asked(address, found.port, {**asked, **key}, "root") == mine
    right = {"Authorization": LOGIN, "Host": f"one.localhost:{found.port}"}
    assert await _asked(address, found.port, right, SOMEBODY_ELSE) == "200"
    await opened.close()


async def _asked(address: str, port: int, headers: dict[str, str], user: str) -> str:
    """Return the status that a program of a user gets."""
    lines = ["GET /socket HTTP/1.1" if "Upgrade" in headers else "GET / HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    text = "".join(f"{line}\\r\\n" for line in [*lines, ""])
    bash = shutil.which("bash")
    assert bash
    entry = pwd.getpwnam(user)
    running = await asyncio.create_subprocess_exec(
        bash,
        "-c",
        _ASK,
        "ask",
        address,
        str(port),
        text,
        user=entry.pw_uid,
        group=entry.pw_gid,
        extra_groups=[],
        stdout=asyncio.subprocess.PIPE,
        cwd="/",
    )
    printed, _ = await running.communicate()
    return printed.decode().split(" ")[1]


async def test_in_a_browser_that_knows_the_cookie_alone_the_editor_connects(
    found: RunningGateway,
) -> None:
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    assert executable, "no chromium on the PATH: make deps installs it"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context()
        page = await context.new_page()
        # As Safari is after a login: it has the cookie, and sends no Authorization.
        _, answered, _ = await found.ask("one.localhost", Authorization=LOGIN)
        name, _, value = answered["Set-Cookie"].partition("; ")[0].partition("=")
        await context.add_cookies(
            [
                {
                    "name": name,
                    "value": value,
                    "url": found.origin("one"),
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )
        await page.goto(found.origin("one"))
        word = await page.evaluate(
            "new Promise((done, failed) => { const line = new WebSocket("
            "location.origin.replace('http', 'ws') + '/socket');"
            "line.onopen = () => line.send('x'); line.onerror = () => failed('closed');"
            "line.onmessage = heard => done(heard.data) })"
        )
        assert word == "one heard x"
        assert await page.evaluate("document.cookie") == ""
        with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
            await page.goto(found.origin("two"))
        await browser.close()
