"""Pages of one Kode, and of strangers, in front of another Kode's door."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from tests.local.gateways import LEADS_ON, RunningGateway, running_gateway, said
from tests.polling import free_port

pytestmark = pytest.mark.attack

FLAGS = (
    "--host-resolver-rules=MAP evil.test 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
)

# Tried on a page of `one`; each returns what came of it.
TRIES = {
    "read": "fetch(other + '/try/read').then(a => a.text(), () => 'refused')",
    "read with cookies": (
        "fetch(other + '/try/cookies', {credentials: 'include'})"
        ".then(a => a.text(), () => 'refused')"
    ),
    "send unread": (
        "fetch(other + '/try/send', {method: 'POST', mode: 'no-cors'}).then(() => 'refused')"
    ),
    "websocket": (
        "new Promise(done => { const line = new WebSocket("
        "other.replace('http', 'ws') + '/try/socket');"
        "line.onopen = () => done('open'); line.onerror = () => done('refused') })"
    ),
    "script": (
        "new Promise(done => { const it = document.createElement('script');"
        "it.src = other + '/try/script';"
        "it.onload = () => done('loaded'); it.onerror = () => done('refused');"
        "document.head.append(it) })"
    ),
    "cookie for all hosts": (
        "(document.cookie = 'evil=1; Domain=localhost', document.cookie.includes('evil')"
        " ? 'set' : 'refused')"
    ),
}
OWN = {
    "websocket": TRIES["websocket"].replace("other", "location.origin").replace("/try", ""),
    "read": "fetch('/').then(a => a.json()).then(a => a.editor)",
    "send": "fetch('/', {method: 'POST'}).then(a => a.json()).then(a => a.editor)",
}


@pytest.fixture
async def found(tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """A gateway with two Kodes that ask nobody for a password: the worst case."""
    async with running_gateway(tmp_path, "one", "two") as opened:
        yield opened


FOREIGN: list[dict[str, str]] = [
    {"Origin": "http://one.localhost:{port}"},
    {"Origin": "http://two.localhost:1"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
    {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"},
    {
        "Sec_Fetch_Site": "cross-site",
        "Sec_Fetch_Mode": "navigate",
        "Sec_Fetch_Dest": "iframe",
    },
]
OURS: list[dict[str, str]] = [
    {},
    {"Origin": "http://two.localhost:{port}", "Sec_Fetch_Site": "same-origin"},
    {"Origin": "http://two.localhost:{port}"},
    {"Origin": "HTTP://two.localhost:{port}".lower()},
    {"Origin": "null", "Sec_Fetch_Site": "same-origin"},
    {"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate"},
]
LINK = {
    "Sec_Fetch_Site": "cross-site",
    "Sec_Fetch_Mode": "navigate",
    "Sec_Fetch_Dest": "document",
    "Sec_Fetch_User": "?1",
}
# A page of a stranger's that leads to an address, each way that there is.
STRANGER = "http://evil.test:{port}/"
LEADS = """<title>evil</title>
<a href="{target}">a link</a>
<form action="{target}"><input name="folder" value="/cloned/evil"><button>a form</button></form>
<form action="{target}" method="post"><button>a form that posts</button></form>
<iframe src="{target}"></iframe>
"""


async def test_what_another_origin_asks_for_is_refused(found: RunningGateway) -> None:
    for headers in FOREIGN:
        given = _filled(headers, found)
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
            status, _, text = await found.ask("two.localhost", "/x", method, **given)
            assert status == 403, (method, given)
            assert "another origin" in text
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await found.websocket("two", **given)
        assert refused.value.status == 403


async def test_what_its_own_pages_and_programs_ask_for_gets_through(found: RunningGateway) -> None:
    for headers in OURS:
        given = _filled(headers, found)
        for method in ("GET", "POST", "DELETE"):
            status, _, _ = await found.ask("two.localhost", "/x", method, **given)
            assert status == 200, (method, given)
        opened = await found.websocket("two", **given)
        assert await said(opened, "x") == "two heard x"
        await opened.close()


async def test_a_link_leads_to_the_bare_page_and_a_form_does_not(found: RunningGateway) -> None:
    assert (await found.ask("two.localhost", **LINK))[0] == 200
    assert (await found.ask("two.localhost", method="POST", **LINK))[0] == 403
    for path in ("/x", "/?folder=/x"):
        url = f"http://127.0.0.1:{found.port}{path}"
        headers = found.headers("two.localhost", LINK)
        async with found.session.get(url, headers=headers, allow_redirects=False) as led:
            assert (led.status, led.headers["Location"]) == (303, "/")


async def test_what_leads_in_without_a_click_is_told_and_not_followed(
    found: RunningGateway,
) -> None:
    unasked = {**LINK, "Sec_Fetch_User": "?0"}
    status, headers, text = await found.ask("two.localhost", **unasked)
    assert (status, headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert '<a href="/">' in text


async def test_no_answer_is_shown_in_another_origins_frame(found: RunningGateway) -> None:
    _, headers, _ = await found.ask("two.localhost")
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]


def _filled(headers: dict[str, str], found: RunningGateway) -> dict[str, str]:
    return {name: value.format(port=found.port) for name, value in headers.items()}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, as the distribution packages it."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    assert executable, "no chromium on the PATH: make deps installs it"
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield started
        await started.close()


async def test_in_a_real_browser_one_kodes_page_gets_nothing_of_another(
    found: RunningGateway, browser: Browser
) -> None:
    page = await browser.new_page()
    page.set_default_timeout(30_000)
    # A session of the other Kode, as somebody has who works in both.
    await page.goto(found.origin("two"))
    await page.evaluate("document.cookie = 'session=secret; path=/'")
    await page.goto(found.origin("one"))
    for name, code in TRIES.items():
        assert await _tried(page, code, found) == "refused", name
    for name, code in OWN.items():
        assert await _tried(page, code, found) in {"open", "one"}, name
    assert await _framed(page, found) == "refused"
    assert not [asked for asked in found.heard if asked.startswith("two ") and "/try" in asked]
    link = await page.evaluate("other => { location.href = other }", found.origin("two"))
    assert link is None
    await page.wait_for_url(found.origin("two") + "/")
    seen: dict[str, Any] = json.loads(await page.inner_text("body"))
    assert seen["editor"] == "two"


async def test_where_the_bare_page_leads_on_a_link_gets_there(
    tmp_path: Path, browser: Browser
) -> None:
    async with running_gateway(tmp_path) as found:
        await found.move_in(LEADS_ON)
        assert await found.gateway.set_routes([found.entry(LEADS_ON)]) == {}
        await found.until_served(LEADS_ON)
        place = found.origin(LEADS_ON)
        for target in (f"{place}/", f"{place}/try/led?folder=/cloned/evil"):
            async with _stranger(target) as url:
                page = await browser.new_page()
                await page.goto(url)
                await page.click("text=a link")
                await page.wait_for_url(f"{place}/?folder=home")
                assert json.loads(await page.inner_text("body"))["editor"] == LEADS_ON
                await page.goto(f"{place}/")
                assert page.url == f"{place}/?folder=home"
        assert not [asked for asked in found.heard if "/try" in asked]
        # To programs and to its own pages, an answer is what it is.
        url = f"http://127.0.0.1:{found.port}/"
        headers = found.headers(f"{LEADS_ON}.localhost", {})
        async with found.session.get(url, headers=headers, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, "./?folder=home")


async def test_in_a_real_browser_a_strangers_page_leads_to_the_bare_page_alone(
    found: RunningGateway, browser: Browser
) -> None:
    target = f"{found.origin('two')}/try/led?folder=/cloned/evil"
    async with _stranger(target) as url:
        context = await browser.new_context()
        page = await context.new_page()
        page.set_default_timeout(30_000)
        for click in ("text=a link", "button:text-is('a form')"):
            await page.goto(url)
            await page.click(click)
            await page.wait_for_url(found.origin("two") + "/")
            seen: dict[str, Any] = json.loads(await page.inner_text("body"))
            assert seen["editor"] == "two"
        await page.goto(url)
        await page.click("text=a form that posts")
        assert "another origin" in await page.inner_text("body")
        # By itself, as no click of the person's has led here.
        await page.goto(f"{url}?leads")
        await page.wait_for_url(target)
        assert "without a click" in await page.inner_text("body")
        await page.click("text=Open the editor")
        await page.wait_for_url(found.origin("two") + "/")
        assert json.loads(await page.inner_text("body"))["editor"] == "two"
        assert not [asked for asked in found.heard if "/try" in asked]


@asynccontextmanager
async def _stranger(target: str) -> AsyncIterator[str]:
    """Serve a page of another site's that leads to an address."""

    async def page(request: web.Request) -> web.Response:
        leads = f"<script>location = {json.dumps(target)}</script>"
        text = leads if "leads" in request.query else LEADS.format(target=target)
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield STRANGER.format(port=port)
    finally:
        await runner.cleanup()


async def _tried(page: Page, code: str, found: RunningGateway) -> object:
    return await page.evaluate(f"other => {code}", found.origin("two"))


async def _framed(page: Page, found: RunningGateway) -> str:
    async with page.expect_response(lambda answer: "framed" in answer.url) as answered:
        await page.evaluate(
            "url => { const it = document.createElement('iframe'); it.src = url;"
            "document.documentElement.append(it) }",
            f"{found.origin('two')}/try/framed",
        )
    return "refused" if (await answered.value).status == 403 else "shown"
