"""Scenario 2 in a browser: through the sidecar's login to a workbench that works."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import fresh
from tests.browser.workbench import Workbench
from tests.cluster.documents import PASSWORD, USER
from tests.cluster.place import Place

NAME = "secure-code-server"
FOLDER = "/config/my-secure-project"
_HELLO = f"{FOLDER}/hello.txt"
_SAID = f"{FOLDER}/said.txt"


@pytest.fixture(scope="module")
def base(scenarios: Place) -> Iterator[str]:
    """The address of the editor, which has a file to edit."""
    scenarios.ready(NAME)
    scenarios.exec(NAME, "sh", "-c", f"echo first > {_HELLO} && chown 1000:1000 {_HELLO}")
    with scenarios.door(NAME) as door:
        yield door.base


@pytest.fixture(scope="module")
def page(browser: Browser, base: str) -> Iterator[Page]:
    """The workbench of somebody who gave the right password."""
    opened = fresh(browser, http_credentials={"username": USER, "password": PASSWORD})
    opened.goto(f"{base}/?folder={FOLDER}", wait_until="domcontentloaded")
    Workbench(opened).wait_until_usable()
    yield opened
    opened.context.close()


def _read(place: Place, file: str, until: Callable[[str], bool]) -> str:
    """Return a file of the pod once the test holds of it."""
    deadline, text = time.monotonic() + 30, ""
    while not until(text) and time.monotonic() < deadline:
        text = place.exec(NAME, "sh", "-c", f"cat {file} 2>/dev/null || true")
    return text


def test_without_a_password_there_is_no_workbench(browser: Browser, base: str) -> None:
    page = fresh(browser)
    answer = page.goto(base)
    assert answer is not None
    assert answer.status == 401
    assert page.locator(".monaco-workbench").count() == 0
    page.context.close()


def test_a_wrong_password_opens_no_workbench(browser: Browser, base: str) -> None:
    page = fresh(browser, http_credentials={"username": USER, "password": "wrong"})
    answer = page.goto(base)
    assert answer is not None
    assert answer.status == 401
    assert page.locator(".monaco-workbench").count() == 0
    page.context.close()


def test_a_file_is_edited_and_saved(scenarios: Place, page: Page, shots: Path) -> None:
    Workbench(page).add_line("hello.txt", "typed in a browser")
    text = _read(scenarios, _HELLO, lambda seen: "typed" in seen)
    page.screenshot(path=f"{shots}.png")
    assert text.splitlines() == ["first", "typed in a browser"]
    owner = scenarios.exec(NAME, "stat", "-c", "%u:%g", _HELLO).strip()
    assert owner == "1000:1000"


def test_a_command_runs_in_the_terminal(scenarios: Place, page: Page, shots: Path) -> None:
    bench = Workbench(page)
    bench.open_terminal()
    # The sum is the shell's: the text that was typed does not hold the text that is looked for.
    bench.type_in_terminal(f"echo sum-$((40+2))-$(id -un) | tee {_SAID}")
    assert _read(scenarios, _SAID, lambda seen: "sum" in seen) == "sum-42-abc\n"
    page.locator(".terminal-wrapper.active .xterm-screen").wait_for()
    page.screenshot(path=f"{shots}.png")
    assert page.locator(".terminal-wrapper.active").count() == 1


def test_what_was_written_survives_the_pod(scenarios: Place, page: Page) -> None:
    del page
    before = scenarios.uid(NAME)
    scenarios.delete("Pod", f"{NAME}-0")
    scenarios.replaced(NAME, before)
    assert scenarios.exec(NAME, "cat", _SAID) == "sum-42-abc\n"
    assert "typed in a browser" in scenarios.exec(NAME, "cat", _HELLO)
