"""What a newcomer does: start, work in the browser, stop, come back, end.

Rule: what a person sees and types is what is tested; what came of it is read from the files.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.conftest import browser
from tests.browser.workbench import Workbench
from tests.local.machine import Machine
from tests.polling import until

__all__ = ["browser"]

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SETTINGS = '{"terminal.integrated.gpuAcceleration": "off"}'
PATIENCE = 60_000


@pytest.fixture(scope="module")
def workspace(machine: Machine) -> Path:
    """The workspace of the Kode that `kode up` makes."""
    said = machine.up()
    assert f"dev: http://dev.localhost:{machine.port}/" in said
    folder = machine.files("dev") / "workspace"
    (folder / "hello.txt").write_text("first\n")
    (folder / ".vscode").mkdir()
    (folder / ".vscode" / "settings.json").write_text(SETTINGS)
    return folder


@contextmanager
def opened(browser: Browser, machine: Machine, name: str = "dev") -> Iterator[Page]:
    """A Kode's page, opened with its login."""
    address = machine.address(name)
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        http_credentials={"username": address["user"], "password": address["password"]},
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address["url"], wait_until="domcontentloaded")
    yield page
    context.close()


def reads(file: Path, holds: Callable[[str], bool]) -> str:
    """Return a file's text once something holds of it."""
    deadline, text = time.monotonic() + 60, ""
    while not holds(text) and time.monotonic() < deadline:
        text = file.read_text() if file.exists() else ""
        time.sleep(0.1)
    return text


def test_a_file_is_edited_and_a_command_runs(
    browser: Browser, machine: Machine, workspace: Path
) -> None:
    shots = Path("artifacts") / "browser"
    shots.mkdir(parents=True, exist_ok=True)
    with opened(browser, machine) as page:
        bench = Workbench(page)
        bench.wait_until_usable()
        bench.add_line("hello.txt", "typed in a browser")
        assert reads(workspace / "hello.txt", lambda text: "typed" in text).splitlines() == [
            "first",
            "typed in a browser",
        ]
        # Nothing of a folder runs by itself until somebody says that it may.
        expect(page.get_by_text("Restricted Mode", exact=True)).to_be_visible(timeout=60_000)
        bench.open_terminal(trust=True)
        # The sum is the shell's: the text that was typed does not hold what is looked for.
        bench.type_in_terminal("echo sum-$((40+2))-$KODE_NAME | tee said.txt")
        assert reads(workspace / "said.txt", lambda text: "sum" in text) == "sum-42-dev\n"
        expect(page.locator(".terminal-wrapper.active .xterm-rows")).to_contain_text("sum-42-dev")
        page.screenshot(path=shots / "one-machine.png")


def test_stopped_it_says_so_and_started_it_has_the_file(
    browser: Browser, machine: Machine, workspace: Path
) -> None:
    machine.kode("stop", "dev", "--wait")
    with opened_stopped(browser, machine) as page:
        expect(page.locator("body")).to_contain_text("kode start dev")
    machine.kode("start", "dev", "--wait")
    with opened(browser, machine) as page:
        bench = Workbench(page)
        bench.wait_until_usable()
        expect(page.locator(".explorer-folders-view")).to_contain_text("said.txt")
    assert "typed in a browser" in (workspace / "hello.txt").read_text()


@contextmanager
def opened_stopped(browser: Browser, machine: Machine) -> Iterator[Page]:
    """The page of a Kode that does not run; narrow, as on a telephone."""
    context = browser.new_context(viewport={"width": 390, "height": 700})
    page = context.new_page()
    page.goto(f"http://dev.localhost:{machine.port}/")
    yield page
    page.screenshot(path=Path("artifacts") / "browser" / "stopped.png")
    context.close()


def test_a_notebook_says_what_a_cell_computes(
    browser: Browser, machine: Machine, workspace: Path
) -> None:
    del workspace
    machine.kode("create", "notes", "--template", "python")
    machine.ready("notes")
    with opened(browser, machine, "notes") as page:
        page.locator(".jp-LauncherCard[data-category='Notebook']").first.click()
        page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
        cell = page.locator(".jp-Notebook .jp-Cell .cm-content").first
        output = page.locator(".jp-OutputArea-output")

        def computed() -> bool:
            # A notebook that still takes its place drops what is typed.
            cell.fill("40 + 2")
            cell.press("Shift+Enter")
            with suppress(Error):
                output.first.wait_for(timeout=5000)
            return output.count() > 0

        until(computed, lambda: "the cell says nothing")
        expect(output.first).to_contain_text("42")


def test_a_terminal_opens_in_its_workspace(
    browser: Browser, machine: Machine, workspace: Path
) -> None:
    del workspace
    machine.kode("create", "term", "--template", "terminal")
    machine.ready("term")
    with opened(browser, machine, "term") as page:
        page.locator(".xterm-helper-textarea").wait_for(state="attached")
        page.locator(".xterm-helper-textarea").focus()
        file = machine.files("term") / "workspace" / "said.txt"

        def typed() -> bool:
            page.keyboard.type("echo sum-$((40+2)) > said.txt\n")
            return "sum-42" in reads(file, lambda text: "sum" in text)

        until(typed, lambda: "nothing was typed")


def test_down_leaves_nothing(machine: Machine, workspace: Path) -> None:
    machine.kode("down")
    assert machine.processes() == {}
    assert not machine.listens()
    assert (workspace / "hello.txt").exists()
