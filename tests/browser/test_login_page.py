"""Scenario 1 in a browser: the editor's own login page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import fresh
from tests.browser.workbench import Workbench
from tests.cluster.documents import PASSWORD
from tests.cluster.place import Place

NAME = "my-code-server"


@pytest.fixture
def page(scenarios: Place, browser: Browser) -> Iterator[Page]:
    """A page of somebody who has no password yet."""
    scenarios.ready(NAME)
    with scenarios.door(NAME) as door:
        opened = fresh(browser)
        opened.goto(f"{door.base}/?folder=/config/my-project", wait_until="domcontentloaded")
        yield opened
        opened.context.close()


def test_the_password_opens_the_workbench(page: Page, shots: Path) -> None:
    expect(page.locator(".monaco-workbench")).to_have_count(0)
    page.fill('input[name="password"]', "wrong")
    page.keyboard.press("Enter")
    expect(page.locator(".error")).to_be_visible()
    page.screenshot(path=f"{shots}-refused.png")
    page.fill('input[name="password"]', PASSWORD)
    page.keyboard.press("Enter")
    Workbench(page).wait_until_usable()
    page.screenshot(path=f"{shots}.png")
    assert "/login" not in page.url
