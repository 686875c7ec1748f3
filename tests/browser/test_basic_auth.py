"""Scenario 2 in a browser: through the sidecar's login to a workbench that works."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.conftest import fresh
from tests.browser.workbench import Workbench
from tests.cluster.documents import PASSWORD, USER
from tests.cluster.place import Place

NAME = "secure-code-server"
FOLDER = "/config/my-secure-project"
_HELLO = f"{FOLDER}/hello.txt"
_SAID = f"{FOLDER}/said.txt"
# The terminal draws text that can be read from the page only when it draws without a GPU.
_PREPARE = f"""
echo first > {_HELLO}
mkdir -p {FOLDER}/.vscode
echo '{{"terminal.integrated.gpuAcceleration": "off"}}' > {FOLDER}/.vscode/settings.json
"""


@pytest.fixture(scope="module")
def base(scenarios: Place) -> Iterator[str]:
    """The address of the editor, which has a file to edit."""
    scenarios.ready(NAME)
    scenarios.exec(NAME, "setpriv", "--reuid=1000", "sh", "-c", _PREPARE)
    with scenarios.door(NAME) as door:
        yield door.base


@contextmanager
def _workbench(browser: Browser, base: str) -> Iterator[Page]:
    """The workbench of somebody who gave the right password."""
    opened = fresh(browser, http_credentials={"username": USER, "password": PASSWORD})
    opened.goto(f"{base}/?folder={FOLDER}", wait_until="domcontentloaded")
    Workbench(opened).wait_until_usable()
    yield opened
    opened.context.close()


@pytest.fixture(scope="module")
def page(browser: Browser, base: str) -> Iterator[Page]:
    """One workbench for several tests."""
    with _workbench(browser, base) as opened:
        yield opened


def _read(place: Place, file: str, until: Callable[[str], bool]) -> str:
    """Return a file of the pod once the test holds of it."""
    deadline, text = time.monotonic() + 30, ""
    while not until(text) and time.monotonic() < deadline:
        text = place.exec(NAME, "sh", "-c", f"cat {file} 2>/dev/null || true")
    return text


def _answers(page: Page, address: str) -> list[int]:
    """Return the status codes of everything that opening an address brought."""
    seen: list[int] = []
    page.on("response", lambda answer: seen.append(answer.status))
    # Chromium may take a refusal without an answer to its question for an error.
    with suppress(Error):
        page.goto(address)
    return seen


@pytest.mark.parametrize("given", [None, {"username": USER, "password": "wrong"}])
def test_without_the_password_there_is_no_workbench(
    browser: Browser, base: str, given: dict[str, str] | None
) -> None:
    page = fresh(browser, http_credentials=given)
    assert set(_answers(page, base)) == {401}
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
    expect(page.locator(".terminal-wrapper.active .xterm-rows")).to_contain_text("sum-42-abc")
    page.screenshot(path=f"{shots}.png")


def test_what_was_written_survives_the_pod(scenarios: Place, page: Page) -> None:
    del page
    before = scenarios.uid(NAME)
    scenarios.delete("Pod", NAME)
    scenarios.replaced(NAME, before)
    assert scenarios.exec(NAME, "cat", _SAID) == "sum-42-abc\n"
    assert "typed in a browser" in scenarios.exec(NAME, "cat", _HELLO)


def test_what_was_typed_is_there_after_suspending(
    scenarios: Place, browser: Browser, base: str, page: Page, shots: Path
) -> None:
    del page
    before = scenarios.uid(NAME)
    scenarios.edit("Kode", NAME, {"spec": {"suspend": True}})
    scenarios.gone("Pod", NAME)
    scenarios.told(NAME, "Suspended", status="False")
    scenarios.edit("Kode", NAME, {"spec": {"suspend": False}})
    scenarios.replaced(NAME, before)
    scenarios.ready(NAME)
    assert scenarios.exec(NAME, "cat", _SAID) == "sum-42-abc\n"
    with scenarios.door(NAME), _workbench(browser, base) as opened:
        bench = Workbench(opened)
        bench.open_terminal()
        bench.type_in_terminal(f"tr a-z A-Z < {_SAID} > {_SAID}.big")
        assert _read(scenarios, f"{_SAID}.big", lambda seen: "SUM" in seen) == "SUM-42-ABC\n"
        opened.screenshot(path=f"{shots}.png")
