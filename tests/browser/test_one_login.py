"""Scenario 1 in a browser: the sidecar asks, and the editor does not ask once more."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.conftest import fresh
from tests.browser.workbench import Workbench
from tests.cluster.documents import PASSWORD, USER
from tests.cluster.place import Place

NAME = "my-code-server"


def test_one_password_opens_the_workbench(scenarios: Place, browser: Browser, shots: Path) -> None:
    scenarios.ready(NAME)
    with scenarios.door(NAME) as door:
        page = fresh(browser, http_credentials={"username": USER, "password": PASSWORD})
        page.goto(f"{door.base}/?folder=/config/my-project", wait_until="domcontentloaded")
        Workbench(page).wait_until_usable()
        page.screenshot(path=f"{shots}.png")
        assert "/login" not in page.url
        page.context.close()
