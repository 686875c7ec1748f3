"""Each lock alone decides what is installed, whatever an index offers besides.

The index of these tests is of local files; it has the wheels of the locks and, of every package, a
newer version too. Python and pip are the oldest that there are here.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from kode.platform.local.editors.catalog import LOCKS
from kode.platform.local.editors.install_context import InstallContext
from kode.platform.local.editors.uv import FLAGS, environment
from kode.platform.local.paths import Paths
from tests.local import wheels
from tools import uv, venv

pytestmark = pytest.mark.slow

MIN_PYTHON = "python3.11"
DOCKERFILES = sorted(Path("images").glob("*/Dockerfile"))


@dataclass(frozen=True)
class Place:
    """Where a lock is installed in a test.

    Attributes:
        root: a folder of the test's own.
        url: of the index.
        python: the oldest Python here.
        pip: its own pip.
    """

    root: Path
    url: str
    python: str
    pip: Path

    @property
    def person(self) -> dict[str, str]:
        """The environment of somebody whose only index this is, with an empty home and cache."""
        return {**wheels.only(self.url), "HOME": str(self.root), "KODE_CACHE": str(self.root / "c")}


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    root = Path(tempfile.mkdtemp(prefix="kode-locks-"))
    try:
        python = shutil.which(MIN_PYTHON) or sys.executable
        subprocess.run([python, "-m", "venv", root / "old"], check=True)
        pip = root / "old" / "bin" / "pip"
        real = wheels.fetch([str(pip)], Paths.of(os.environ).cache)
        fake = root / "newer"
        fake.mkdir()
        wheels.newer(fake, {name for lock in wheels.ALL.values() for name in wheels.pinned(lock)})
        index = root / "index"
        index.mkdir()
        url = wheels.write_index([*real.glob("*.whl"), *fake.glob("*.whl")], index)
        yield Place(root, url, python, pip)
    finally:
        shutil.rmtree(root)


@pytest.fixture
def folder(place: Place) -> Iterator[Path]:
    """An empty folder, beside the index, for one install."""
    path = Path(tempfile.mkdtemp(dir=place.root))
    yield path
    shutil.rmtree(path)


def installed(folder: Path) -> dict[str, str]:
    """Return the packages below a folder, with their versions."""
    # Deeper ones are what packages bring inside of them.
    site = min((path.parent for path in folder.rglob("*.dist-info")), key=lambda it: len(it.parts))
    return wheels.installed(site)


def expect_lock(folder: Path, lock: Path) -> None:
    """Fail where anything but the lock's packages of this machine is there."""
    there = installed(folder)
    assert there
    locked = wheels.pinned(lock)
    assert {name: version for name, version in there.items() if version not in locked[name]} == {}
    missing = locked.keys() - there.keys()
    assert missing <= {"appnope", "colorama", "httpx2-jsfetch", "pywin32", "pywinpty", "tzdata"}


def test_the_index_offers_something_newer_of_every_package(place: Place, folder: Path) -> None:
    """The control: without a lock the newer version is what one gets."""
    command = [
        str(place.pip),
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(folder),
        "pydantic",
        "uv",
    ]
    subprocess.run(command, env=place.person, check=True)
    assert installed(folder) == {"pydantic": wheels.NEWER, "uv": wheels.NEWER}


def test_uv_is_the_locked_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    for name, value in place.person.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(uv, "pip", lambda _: [str(place.pip)])
    said = subprocess.run([uv.fetch(), "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.split()[1] in wheels.pinned(uv.LOCK)["uv"]


def test_settings_of_other_installs_do_not_reach_the_fetch(
    place: Place, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = folder / "pip.conf"
    config.write_text(f"[global]\nrequire-virtualenv = true\n[install]\ntarget = {folder}/else\n")
    for name, value in {
        **place.person,
        "KODE_CACHE": str(folder / "cache"),
        "PIP_CONFIG_FILE": str(config),
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_TARGET": str(folder / "else"),
        "PIP_USER": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(uv, "pip", lambda _: [str(place.pip)])
    assert uv.runs(uv.fetch())
    assert not (folder / "else").exists()


def test_another_content_than_the_locked_one_is_refused(
    place: Place, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = folder / "uv.txt"
    lock.write_text(f"uv=={wheels.NEWER} --hash=sha256:{sha256(b'other').hexdigest()}\n")
    for name, value in {**place.person, "KODE_CACHE": str(folder / "cache")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(uv, "LOCK", lock)
    monkeypatch.setattr(uv, "pip", lambda _: [str(place.pip)])
    with pytest.raises(uv.NoInstallerError, match="pip said"):
        uv.fetch()


@pytest.mark.parametrize("name", ["build", "cluster", "dev", "local", "operator", "uv"])
def test_an_environment_holds_its_lock(name: str, place: Place, folder: Path) -> None:
    person = environment(place.person)
    program = uv.fetch()
    into = folder / "venv"
    cache = ["--cache-dir", str(place.root / "c" / "uv")]
    subprocess.run(
        [program, "venv", "--quiet", "--python", place.python, into], env=person, check=True
    )
    sync = ["pip", "sync", "--quiet", *FLAGS, "--python", str(into / "bin" / "python")]
    subprocess.run([program, *cache, *sync, venv.lock(name)], env=person, check=True)
    expect_lock(into, wheels.ALL[name])


@pytest.mark.parametrize("name", ["jupyterlab", "node"])
async def test_an_editor_of_one_machine_holds_its_lock(
    name: str, place: Place, folder: Path
) -> None:
    build = InstallContext(folder, folder, place.root / "c", place.person, lambda _: None)
    if name == "node":
        await build.install("node.txt", target=folder / "wheel")
    else:
        await build.run(place.python, "-m", "venv", "--without-pip", str(folder / "venv"))
        await build.install("jupyterlab.txt", python=folder / "venv" / "bin" / "python")
    expect_lock(folder, LOCKS / f"{name}.txt")


def commands(dockerfile: Path) -> list[list[str]]:
    """Return what a Dockerfile installs Python packages with."""
    lines = dockerfile.read_text().replace("\\\n", " ").splitlines()
    runs = [line.removeprefix("RUN ") for line in lines if line.startswith("RUN ")]
    parts = [shlex.split(part) for line in runs for part in line.split("&&")]
    words = [[word for word in part if not word.startswith("--mount=")] for part in parts]
    return [it for it in words if it[0] == "pip" or it[:2] == ["uv/bin/uv", "pip"]]


@pytest.mark.parametrize(
    "dockerfile", [path for path in DOCKERFILES if "requirements" in path.read_text()], ids=str
)
def test_an_image_holds_its_locks(dockerfile: Path, place: Place, folder: Path) -> None:
    """The commands of the Dockerfile, run in a folder that has what it copies."""
    held = "images/" + dockerfile.parent.name
    for lock in (*Path("requirements").glob("*.txt"), *Path(held).glob("*.txt")):
        shutil.copy(lock, folder / lock.name)
    asked = [it for it in commands(dockerfile) if "--no-index" not in it]
    assert len(asked) > 1
    person = {**environment(place.person), **place.person}
    for number, command in enumerate(asked):
        if "--python" in command:
            into = folder / f"venv{number}"
            subprocess.run(
                [place.python, "-m", "venv", "--without-pip", into], check=True, env=person
            )
            command[command.index("--python") + 1] = str(into / "bin" / "python")
        else:
            into = folder / command[command.index("--target") + 1]
        own = [str(place.pip), *command[1:]] if command[0] == "pip" else command
        variables = environment(person) if "uv" in command[0] else place.person
        subprocess.run(own, cwd=folder, env=variables, check=True)
        expect_lock(into, folder / command[-1])


def test_every_install_of_the_repository_is_one_of_these() -> None:
    """A Dockerfile or a program that installs another way would not be seen above."""
    for dockerfile in DOCKERFILES:
        for command in commands(dockerfile):
            locked = "--require-hashes" in command and command[-1].endswith(".txt")
            assert locked or "--no-index" in command, f"{dockerfile}: {shlex.join(command)}"
            if command[0] == "pip":
                assert command[-1] == "uv.txt", f"{dockerfile}: {shlex.join(command)}"
    calls = re.compile(r"-m\"?,? \"?pip|\"pip\", \"install\"|pip3? install -")
    programs = [path for top in ("src", "tools", "devcluster") for path in Path(top).rglob("*.py")]
    assert {str(path) for path in programs if calls.search(path.read_text())} == {
        "src/kode/platform/local/editors/kernel.py",  # in a person's home, when they ask for it
        "tools/uv.py",  # uv itself
        "tools/venv.py",  # the project, with nothing but itself
    }
