"""The README's first command as a newcomer types it: fresh clone, empty home, empty caches."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import browser, fresh
from tests.browser.workbench import Workbench
from tests.local import wheels
from tests.local.machine import Machine
from tests.local.test_newcomer import reads
from tests.polling import free_port

__all__ = ["browser"]

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SAID = re.compile(r"^dev: (\S+)\nuser: (\S+)\npassword: (\S+)$", re.MULTILINE)
OWN = re.compile(r"KODE_|XDG_|KUBECONFIG|VIRTUAL_ENV|MAKE|MFLAGS|PYTEST_|COV_")


@pytest.fixture
def newcomer() -> Iterator[Machine]:
    """A machine on which nobody has run anything of ours."""
    root = Path(tempfile.mkdtemp(prefix="kode-"))
    (root / "home").mkdir()
    data, cache = root / "home/.local/share/kode", root / "home/.cache/kode"
    found = Machine(data, cache, free_port())
    try:
        yield found
    finally:
        found.end()
        shutil.rmtree(root)


def test_make_up_ends_with_a_working_editor(newcomer: Machine, browser: Browser) -> None:
    root = newcomer.root.parents[3]
    clone = root / "clone"
    checked_out(clone)
    said = make(root, clone, "up", f"PORT={newcomer.port}")
    assert re.search(r"^venv: \d+\.\d s, \d+ MiB$", said, re.MULTILINE)
    (site,) = (clone / ".venv" / "lib").glob("*/site-packages")
    assert wheels.installed(site).keys() == wheels.pinned(wheels.ALL["local"]).keys() - {
        "colorama"
    } | {"kode"}
    url, user, password = SAID.findall(said)[0]
    page = fresh(browser, http_credentials={"username": user, "password": password})
    page.goto(url, wait_until="domcontentloaded")
    bench = Workbench(page)
    bench.wait_until_usable()
    bench.open_terminal(trust=True)
    bench.type_in_terminal("echo sum-$((40+2)) > said.txt")
    file = newcomer.files("dev") / "workspace" / "said.txt"
    assert reads(file, lambda text: "sum" in text) == "sum-42\n"
    page.context.close()
    make(root, clone, "down")
    assert newcomer.processes() == {}
    assert not newcomer.listens()
    assert file.exists()


def checked_out(clone: Path) -> None:
    """Put what is tracked, as it stands here, into a folder of its own."""
    asked = ["git", "ls-files", "-z", "--cached"]
    said = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    for name in filter(None, said.split("\0")):
        if Path(name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, clone / name)


def make(root: Path, clone: Path, *words: str) -> str:
    """Run make in the clone with a home of its own; return what it printed."""
    kept = {key: value for key, value in os.environ.items() if not OWN.match(key)}
    done = subprocess.run(
        ["make", *words],
        cwd=clone,
        env={**kept, "HOME": str(root / "home")},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout
