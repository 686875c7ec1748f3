"""The picture in the README: what a newcomer sees after `make up`.

Rule: made from the real thing, in a home of its own that is gone afterwards; run it again when what
it shows has changed.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

_KODE = Path(sys.executable).parent / "kode"
_PICTURE = Path("docs/images/editor.png")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PROGRAM = '''"""Say hello."""


def greet(name: str) -> str:
    """Return a greeting."""
    return f"Hello, {name}."


print(greet("world"))
'''
_SETTINGS = {"terminal.integrated.gpuAcceleration": "off"}
_TIMEOUT = 60_000


def main() -> int:
    """Take the picture."""
    with tempfile.TemporaryDirectory(prefix="kode-") as folder, socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        server.close()
        variables = {**os.environ, "KODE_HOME": f"{folder}/home"}
        variables.pop("KUBECONFIG", None)
        subprocess.run([_KODE, "up", f"--port={port}"], env=variables, check=True)
        try:
            workspace = Path(folder, "home", "volumes", "default", "dev-home", "workspace")
            (workspace / "hello.py").write_text(_PROGRAM, encoding="utf-8")
            (workspace / ".vscode").mkdir()
            (workspace / ".vscode" / "settings.json").write_text(json.dumps(_SETTINGS))
            asked = [str(_KODE), "open", "dev", "--print", "--output=json"]
            output = subprocess.run(asked, env=variables, check=True, capture_output=True).stdout
            _take(json.loads(output))
        finally:
            subprocess.run([_KODE, "down"], env=variables, check=False)
    return 0


def _take(address: dict[str, str]) -> None:
    login = {"username": address["user"], "password": address["password"]}
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        size = {"width": 1120, "height": 700}
        context = browser.new_context(viewport=size, http_credentials=login)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(_TIMEOUT)
        page.goto(address["url"], wait_until="domcontentloaded")
        _work(page)
        _PICTURE.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=_PICTURE)
        browser.close()


def _work(page: Page) -> None:
    page.get_by_role("treeitem", name="hello.py").dblclick()
    page.locator(".view-line").first.wait_for()
    page.keyboard.press("Control+Backquote")
    page.locator(".terminal-wrapper.active .xterm-rows").wait_for()
    page.wait_for_timeout(2000)
    page.keyboard.type("python3 hello.py", delay=20)
    page.keyboard.press("Enter")
    page.get_by_text("Hello, world.").last.wait_for()
    page.wait_for_timeout(1000)


if __name__ == "__main__":
    sys.exit(main())
