"""A real Chromium in front of real editors.

Rule: what a person sees and types is what is tested; what came of it is read from the pod.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.cluster import session

_NAME = "kode-session"
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_configure(config: pytest.Config) -> None:
    """Share one session with tests/cluster."""
    if not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(session, _NAME)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker("browser")
            item.add_marker("cluster")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as the distribution packages it, with a profile of its own."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    assert executable, "no chromium on the PATH: make deps installs it"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        yield started
        started.close()


@pytest.fixture
def shots(request: pytest.FixtureRequest) -> Path:
    """Where the screenshots of a test are kept."""
    folder = session.REPOSITORY / "artifacts" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / re.sub(r"[^A-Za-z0-9_]+", "-", request.node.name)


def fresh(browser: Browser, **context: object) -> Page:
    """Return a page that knows no cookie and no password."""
    opened = browser.new_context(viewport={"width": 1280, "height": 800}, **context)  # type: ignore[arg-type]
    page = opened.new_page()
    page.set_default_timeout(60_000)
    return page
