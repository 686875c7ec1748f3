"""Editors installed for real: from npm and PyPI, by hash, into a cache.

Rule: what is not about installing itself uses the person's own cache, so that an editor is
downloaded and put together once; what is, has a cache of its own on top of the same downloads.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import pytest

from kode.api.conditions import Reason
from kode.errors import PlatformError
from kode.platform.local.editors import default_editor, install
from kode.platform.local.editors.catalog import CODE_SERVER, JUPYTERLAB, release
from kode.platform.local.editors.editor import Editor, InstallProgress
from kode.platform.local.editors.editors import Editors
from kode.platform.local.paths import Paths
from tests.polling import until

pytestmark = pytest.mark.slow

NOBODY = "http://127.0.0.1:9"
"""Where nobody listens: the port of the discard protocol."""
OFFLINE = {"npm_config_registry": NOBODY, "PIP_INDEX_URL": NOBODY, "PIP_FIND_LINKS": ""}
TIMEOUT = 600.0

INSTALL = """
import asyncio, sys
from pathlib import Path
from kode.platform.local.editors.editors import Editors
from kode.platform.local.paths import Paths
editors = Editors(Paths(Path(sys.argv[1]), Path(sys.argv[2])))
told = lambda progress: print(progress.step, flush=True)
print("installed", asyncio.run(editors.install(sys.argv[3], told)).version, flush=True)
"""


@pytest.fixture
def paths() -> Iterator[Paths]:
    """An empty home and an empty cache, but for what was downloaded before."""
    root = Path(mkdtemp(prefix="kode-"))
    shared = Paths.of(os.environ).cache
    cache = root / "cache"
    cache.mkdir()
    for name in ("npm", "uv"):
        (shared / name).mkdir(parents=True, exist_ok=True)
        (cache / name).symlink_to(shared / name)
    try:
        yield Paths(root / "root", cache)
    finally:
        shutil.rmtree(root)


@pytest.fixture
def no_compiler(paths: Paths) -> dict[str, str]:
    """The environment of a machine without one."""
    folder = paths.cache / "bin"
    folder.mkdir()
    for name in ("sh", "env", "sed", "uname", "dirname", "readlink"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return {**os.environ, "PATH": str(folder)}


@pytest.fixture
def settings(paths: Paths) -> dict[str, str]:
    """The variables of a person whose other programs install otherwise."""
    home, elsewhere = paths.cache / "home", paths.cache / "elsewhere"
    (home / ".config" / "pip").mkdir(parents=True)
    own = Path.home() / ".npmrc"
    registry = own.read_text() if own.exists() else ""
    (home / ".npmrc").write_text(
        f"{registry}\nglobal=true\nbefore=2024-01-01\ndry-run=true\nprefix={elsewhere}\nomit=prod\n"
    )
    (home / ".config" / "pip" / "pip.conf").write_text(f"[install]\ntarget={elsewhere}\n")
    return {
        "HOME": str(home),
        "NODE_OPTIONS": "--no-such-flag",
        "NODE_ENV": "production",
        "PIP_USER": "1",
        "npm_config_omit": "prod",
    }


def installing(paths: Paths, name: str, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Start an install in a program of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", INSTALL, str(paths.root), str(paths.cache), name],
        env=dict(environment),
        stdout=subprocess.PIPE,
        text=True,
    )


def working_in(folder: Path) -> list[str]:
    """Return the command lines of all programs that have to do with a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) in command:
                found.append(command.replace(b"\0", b" ").decode())
    return found


def test_killed_install_leaves_nothing_and_the_next_two_at_once_agree(
    paths: Paths, no_compiler: dict[str, str], settings: dict[str, str]
) -> None:
    killed = installing(paths, CODE_SERVER, no_compiler)
    assert killed.stdout
    while killed.stdout.readline() != "Code's modules\n":
        assert killed.poll() is None
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    until(lambda: not working_in(paths.editors))
    editors = Editors(paths, no_compiler)
    assert editors.installed(CODE_SERVER) is None

    # With settings of npm and Node that say how other installs go.
    both = [installing(paths, CODE_SERVER, {**no_compiler, **settings}) for _ in range(2)]
    told = [one.communicate(timeout=TIMEOUT)[0].splitlines() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sorted("Node" in lines for lines in told) == [False, True]
    left = {path.name for path in paths.editors.iterdir()}
    assert left == {release(CODE_SERVER).folder, "code-server.lock"}

    again: list[InstallProgress] = []
    found = asyncio.run(editors.install(CODE_SERVER, again.append))
    assert not again
    assert found == editors.installed(CODE_SERVER)
    assert "g++, make, python3 not found" in found.notes[0]
    version = subprocess.run(
        [*found.argv, "--version"], env={"HOME": str(paths.cache)}, capture_output=True, check=True
    )
    assert found.version in version.stdout.decode()

    assert editors.remove(CODE_SERVER)
    assert not editors.remove(CODE_SERVER)
    assert editors.installed(CODE_SERVER) is None


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        (CODE_SERVER, {"npm_config_registry": NOBODY}),
        (CODE_SERVER, OFFLINE),
        (JUPYTERLAB, OFFLINE),
    ],
)
async def test_without_a_registry_it_says_what_to_do(
    paths: Paths, name: str, missing: dict[str, str]
) -> None:
    (paths.cache / "npm").unlink()
    editors = Editors(paths, {**os.environ, **missing})
    with pytest.raises(PlatformError, match=f"no network.*`kode editors install {name}`") as raised:
        await editors.install(name)
    assert raised.value.reason is Reason.EDITOR_UNAVAILABLE
    assert "ECONNREFUSED" in str(raised.value) or "Connection refused" in str(raised.value)
    assert {path.name for path in paths.editors.iterdir()} == {f"{name}.lock"}


async def test_too_small_a_disk_is_told_before_anything_is_downloaded(paths: Paths) -> None:
    huge = replace(release(CODE_SERVER), space=1 << 60)
    told: list[InstallProgress] = []
    with pytest.raises(PlatformError, match="KODE_CACHE"):
        await install.install(huge, paths.editors, paths.cache, os.environ, told.append)
    assert not told


async def test_cancelled_install_ends_what_it_started(paths: Paths) -> None:
    busy = asyncio.Event()

    def tell(said: InstallProgress) -> None:
        if said.line:
            busy.set()

    task = asyncio.create_task(Editors(paths).install(CODE_SERVER, tell))
    await asyncio.wait_for(busy.wait(), TIMEOUT)
    assert working_in(paths.editors)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not working_in(paths.editors)
    assert {path.name for path in paths.editors.iterdir()} == {"code-server.lock"}


async def test_jupyterlab_serves_where_code_server_cannot_be_had(paths: Paths) -> None:
    shared = Paths(paths.root, Paths.of(os.environ).cache)
    lab = await Editors(shared).install(JUPYTERLAB)
    paths.editors.mkdir(parents=True)
    (paths.editors / release(JUPYTERLAB).folder).symlink_to(str(lab.root))
    found = await default_editor.install_default_editor(Editors(paths, {**os.environ, **OFFLINE}))
    assert (found.template, found.editor.name) == ("python", JUPYTERLAB)
    assert "no network" in found.why


async def test_ones_own_code_server_is_tried_and_then_used(paths: Paths) -> None:
    editors = Editors(paths)
    installed = await Editors(Paths.of(os.environ)).install(CODE_SERVER)
    own = paths.cache / "code-server"
    own.write_text(f'#!/bin/sh\nexec {" ".join(installed.argv)} "$@"\n')
    own.chmod(0o755)
    assert await editors.use(str(own)) == own
    assert editors.installed(CODE_SERVER) == Editor(CODE_SERVER, "", (str(own),))
    own.write_text("#!/bin/sh\necho broken; exit 1\n")
    with pytest.raises(PlatformError, match="does not start"):
        await editors.use(str(own))
    assert await editors.use(None) is None
    assert editors.installed(CODE_SERVER) is None


def test_settings_of_other_programs_change_nothing(paths: Paths, settings: dict[str, str]) -> None:
    foreign = paths.cache / "foreign"
    foreign.mkdir()
    for module in ("yaml", "json", "tornado", "sqlite3"):
        (foreign / f"{module}.py").write_text("raise SystemExit('another module')\n")
    own = {"KODE_HOME": str(paths.root), "KODE_CACHE": str(paths.cache)}
    found = subprocess.run(
        [str(Path(sys.executable).parent / "kode"), "editors", "install", JUPYTERLAB],
        env={**os.environ, **settings, **own, "PYTHONPATH": str(foreign)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert install.find(release(JUPYTERLAB), paths.editors)
    assert not (paths.cache / "elsewhere").exists()
