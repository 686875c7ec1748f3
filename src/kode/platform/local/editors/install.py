"""One install: alone, from nothing to a folder that has shown that it works.

Rule: a folder under its final name is whole and has been started once; everything before that
happens beside it, and what an interrupted install left behind is removed by the next.
"""

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

from kode.platform.local.editors import check, code_server, install_errors, jupyterlab
from kode.platform.local.editors.catalog import CODE_SERVER, JUPYTERLAB, EditorRelease
from kode.platform.local.editors.command import CommandFailed
from kode.platform.local.editors.editor import Editor, InstallProgress, Tell
from kode.platform.local.editors.install_context import InstallContext
from kode.platform.local.files import try_lock

_RECEIPT = "kode.json"
_PARTIAL = ".partial"
_PAUSE = 0.2

_STEPS: Mapping[str, tuple[tuple[str, Callable[[InstallContext], Awaitable[None]]], ...]] = {
    CODE_SERVER: code_server.STEPS,
    JUPYTERLAB: jupyterlab.STEPS,
}
_EDITORS = {CODE_SERVER: code_server.editor, JUPYTERLAB: jupyterlab.editor}


def find(release: EditorRelease, editors: Path) -> Editor | None:
    """Return an installed editor; None where it is not installed, or cannot run any more."""
    root = editors / release.folder
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        receipt = json.loads((root / _RECEIPT).read_text(encoding="utf-8"))
        editor = _EDITORS[release.name](release.version, root)
        # A virtual environment dies with the Python that it was made from.
        if os.access(editor.argv[0], os.X_OK):
            return replace(editor, notes=tuple(map(str, receipt["notes"])))
    return None


async def install(
    release: EditorRelease, editors: Path, cache: Path, environment: Mapping[str, str], tell: Tell
) -> Editor:
    """Install an editor, or return it where it is installed.

    Args:
        release: what to install.
        editors: folder that it is to stand in.
        cache: folder of downloads.
        environment: the environment of the caller: proxies, certificates, registries, PATH.
        tell: takes how far it is.

    Raises:
        PlatformError: it cannot be installed (no network, no space); the message says what to do.
    """
    if editor := find(release, editors):
        return editor
    try:
        async with _exclusive(editors / f"{release.name}.lock", tell):
            if editor := find(release, editors):
                return editor
            await asyncio.to_thread(_remove_partial, release, editors)
            if shutil.disk_usage(editors).free < release.space:
                raise install_errors.disk_full_error(release, editors)
            async with _partial(release, editors) as work:
                build = InstallContext(work, editors / release.folder, cache, environment, tell)
                return await _put_together(release, build)
    except (CommandFailed, OSError) as error:
        raise install_errors.install_error(release, error, editors) from error


def remove(release: EditorRelease, editors: Path) -> bool:
    """Remove every version of an editor; tell whether there was one."""
    versions = list(editors.glob(f"{release.name}-*"))
    for path in versions:
        shutil.rmtree(path, ignore_errors=True)
    return bool(versions)


async def _put_together(release: EditorRelease, build: InstallContext) -> Editor:
    steps = _STEPS[release.name]
    build.total = len(steps) + 1
    for name, action in steps:
        await build.step(name, action)
    await build.step("first start", lambda build: _check(release, build))
    await asyncio.to_thread(_finish, release, build)
    editor = find(release, build.final.parent)
    if editor is None:
        raise CommandFailed(release.name, "its files are gone after the install")
    return editor


async def _check(release: EditorRelease, build: InstallContext) -> None:
    editor = _EDITORS[release.name](release.version, build.work)
    with tempfile.TemporaryDirectory(prefix="kode-") as home:
        env = {**check.surroundings(build.environment), "HOME": home}
        version = await build.run(*editor.argv, "--version", env=env, alone=True)
    if release.version not in version:
        raise CommandFailed(release.name, f"it reports version {version}")
    await check.check_starts(editor, build.environment)


def _finish(release: EditorRelease, build: InstallContext) -> None:
    receipt = {"name": release.name, "version": release.version, "notes": build.notes}
    (build.work / _RECEIPT).write_text(json.dumps(receipt), encoding="utf-8")
    build.work.chmod(0o755)
    # The name promises that all is there, after a power cut too.
    os.sync()
    if build.final.exists():
        build.final.rename(build.work.with_name(f"{build.work.name}.old{_PARTIAL}"))
    build.work.rename(build.final)


@contextlib.asynccontextmanager
async def _partial(release: EditorRelease, editors: Path) -> AsyncGenerator[Path]:
    work = Path(tempfile.mkdtemp(prefix=f"{release.folder}.", suffix=_PARTIAL, dir=editors))
    try:
        yield work
    finally:
        await asyncio.to_thread(_remove_partial, release, editors)


def _remove_partial(release: EditorRelease, editors: Path) -> None:
    for path in editors.glob(f"{release.name}-*{_PARTIAL}"):
        shutil.rmtree(path, ignore_errors=True)


@contextlib.asynccontextmanager
async def _exclusive(lock: Path, tell: Tell) -> AsyncGenerator[None]:
    """Wait until no other install of this editor runs, in whatever process."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        while not try_lock(file):
            tell(InstallProgress("waiting for another install", 0, 1))
            await asyncio.sleep(_PAUSE)
        yield
