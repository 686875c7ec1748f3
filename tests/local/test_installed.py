"""Kode as its users install it: the built wheel, in a folder with no checkout.

The index of these tests is of local files and has the wheels of the locks; the commands are the
tutorial's, with the wheel's path in place of the project's name.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kode.platform.local.paths import Paths
from tests.local import wheels
from tests.local.machine import Machine
from tests.polling import free_port
from tools import uv, wheel

pytestmark = pytest.mark.slow

REPOSITORY = Path.cwd()


@dataclass(frozen=True)
class Newcomer:
    """Somebody with a wheel, an index and an empty home.

    Attributes:
        root: folder of all that is theirs.
        wheel: the built wheel.
        url: of the index.
    """

    root: Path
    wheel: Path
    url: str

    @property
    def programs(self) -> Path:
        """Where their installers put commands."""
        return self.root / "bin"

    @property
    def environment(self) -> dict[str, str]:
        """What their shell has; no command of the repository is among it."""
        path = os.pathsep.join([str(self.programs), "/usr/local/bin", "/usr/bin", "/bin"])
        own = {
            "HOME": str(self.root),
            "PATH": path,
            "UV_DEFAULT_INDEX": self.url,
            "UV_TOOL_BIN_DIR": str(self.programs),
            "UV_CACHE_DIR": str(Paths.of(os.environ).cache / "uv"),
            "UV_PYTHON": sys.executable,
            "PIPX_HOME": str(self.root / "pipx"),
            "PIPX_BIN_DIR": str(self.programs),
            "PIPX_DEFAULT_PYTHON": sys.executable,
        }
        return {**wheels.only(self.url), **own}

    def run(self, *command: str | Path) -> str:
        """Run a command in an empty folder; it must succeed."""
        folder = self.root / "empty"
        folder.mkdir(exist_ok=True)
        done = subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert list(folder.iterdir()) == []
        return done.stdout


@pytest.fixture(scope="module")
def index() -> Iterator[tuple[Path, str]]:
    """The built wheel, and the URL of an index of what it needs."""
    root = Path(tempfile.mkdtemp(prefix="kode-"))
    try:
        subprocess.run([sys.executable, "-m", "venv", root / "pip"], check=True)
        pip = str(root / "pip" / "bin" / "pip")
        real = wheels.fetch([pip], Paths.of(os.environ).cache)
        (root / "index").mkdir()
        url = wheels.write_index(real.glob("*.whl"), root / "index")
        yield wheel.build(root / "dist"), url
    finally:
        shutil.rmtree(root)


@pytest.fixture
def newcomer(index: tuple[Path, str]) -> Iterator[Newcomer]:
    root = Path(tempfile.mkdtemp(prefix="kode-"))
    (root / "bin").mkdir()
    yield Newcomer(root, *index)
    shutil.rmtree(root)


def by_uv(newcomer: Newcomer, extra: str) -> None:
    """Install with uv, as the tutorial's first line does."""
    newcomer.run(uv.fetch(), "tool", "install", "--quiet", f"{newcomer.wheel}[{extra}]")


def by_pipx(newcomer: Newcomer, extra: str) -> None:
    """Install with pipx, which Debian and others bring."""
    newcomer.run("/usr/bin/pipx", "install", f"{newcomer.wheel}[{extra}]")


@pytest.mark.parametrize("install", [by_uv, by_pipx])
def test_kode_up_gives_the_editor(
    install: Callable[[Newcomer, str], None], newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(newcomer, "local")
    kode = newcomer.programs / "kode"
    monkeypatch.setattr("tests.local.machine.KODE", kode)
    machine = Machine(newcomer.root / "kode", Paths.of(os.environ).cache, free_port())
    try:
        said = machine.up()
        assert f"http://dev.localhost:{machine.port}/" in said
        assert machine.ask("dev.localhost").status == 401
        page = machine.ask("dev.localhost", "/", machine.login("dev"))
        assert page.status == 302
        assert "folder" in page.headers["location"]
        machine.kode("down")
        assert machine.processes() == {}
    finally:
        machine.end()


def test_who_works_on_a_cluster_installs_no_more_than_that(newcomer: Newcomer) -> None:
    by_uv(newcomer, "cluster")
    kode = newcomer.programs / "kode"
    example = REPOSITORY / "examples" / "basic-auth.yaml"
    assert "kind: NetworkPolicy" in newcomer.run(kode, "render", "-f", example)
    (site,) = newcomer.root.rglob("site-packages")
    locked = wheels.pinned(wheels.ALL["cluster"]).keys() - {"colorama"}
    assert wheels.installed(site).keys() == locked | {"kode"}
