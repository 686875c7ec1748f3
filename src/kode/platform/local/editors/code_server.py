"""How code-server is put together from npm.

Rule: install scripts stay off. They compile modules that the server loads lazily or never; the two
that it loads at every start are compiled by name where there is a compiler, and everything works
without them. Code and its extensions bring lock files of their own, inside the locked package.
"""

import asyncio
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

from kode.platform.local.editors import node
from kode.platform.local.editors.catalog import LOCKS
from kode.platform.local.editors.command import CommandFailed
from kode.platform.local.editors.editor import Editor
from kode.platform.local.editors.install_context import InstallContext

_NESTED = ("ci", "--omit=dev", "--legacy-peer-deps")
_COMPILED = ("@vscode/spdlog", "@vscode/native-watchdog")
_COMPILER = ("g++", "make", "python3")
_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}

# What no browser asks for: the AI agent (the settings turn it off) and build leftovers. About two
# thirds of the size.
_NEVER_RUN = (
    "extensions/copilot",
    "extensions/mermaid-markdown-features",
    "node_modules/@github",
    "node_modules/@microsoft/mxc-sdk",
    "node_modules/@vscode/sqlite3/build",
    "node_modules/@vscode/sqlite3/deps",
    "node_modules/@vscode/sqlite3/src",
    "node_modules/node-pty/deps",
    "node_modules/node-pty/third_party",
)


async def _code_server(build: InstallContext) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKS / name, build.work / name)
    await node.npm(build, "ci")


async def _code(build: InstallContext) -> None:
    await node.npm(build, *_NESTED, cwd=_vscode(build.work))


async def _extensions(build: InstallContext) -> None:
    await node.npm(build, *_NESTED, cwd=_vscode(build.work) / "extensions")


async def _native(build: InstallContext) -> None:
    path = build.environment.get("PATH", "")
    missing = [name for name in _COMPILER if not shutil.which(name, path=path)]
    if missing:
        build.notes.append(f"Code writes no log files: {', '.join(missing)} not found.")
        return
    try:
        await node.npm(
            build, "rebuild", "--foreground-scripts", *_COMPILED, cwd=_vscode(build.work)
        )
    except CommandFailed as failure:
        last = failure.output.splitlines()[-1:]
        build.notes.append(
            f"Code writes no log files: its modules did not compile. {' '.join(last)}"
        )


async def _tidy(build: InstallContext) -> None:
    await asyncio.to_thread(_prune, build)


STEPS = (
    ("Node", node.unpack),
    ("code-server", _code_server),
    ("Code's modules", _code),
    ("Code's extensions", _extensions),
    ("native modules", _native),
    ("tidying up", _tidy),
)


def editor(version: str, root: Path) -> Editor:
    """Return the editor that stands in a folder."""
    tree = _tree(root)
    return Editor(
        name="code-server",
        version=version,
        argv=(str(tree / "lib" / "node"), str(tree / "out" / "node" / "entry.js")),
        root=root,
    )


def _tree(root: Path) -> Path:
    return root / "node_modules" / "code-server"


def _vscode(root: Path) -> Path:
    return _tree(root) / "lib" / "vscode"


def _prune(build: InstallContext) -> None:
    code = _vscode(build.work)
    for path in (*(code / name for name in _NEVER_RUN), *_other_architectures(build.work)):
        shutil.rmtree(path, ignore_errors=True)
    for path in (build.work / "node_modules").rglob("*.map"):
        if path.is_file():
            path.unlink()
    # What the package's own install script links: the command line and browser of terminals.
    for link, target in (
        ("remote-cli/code-server", "code-linux.sh"),
        ("helpers/browser.sh", "browser-linux.sh"),
    ):
        place = code / "bin" / link
        place.unlink(missing_ok=True)
        place.symlink_to(target)
    node.keep_binary(build, _tree(build.work) / "lib" / "node")


def _other_architectures(root: Path) -> Iterator[Path]:
    """Binaries for other machines."""
    machine = _ARCHITECTURES.get(platform.machine().lower())
    if machine is None:
        return
    own = f"linux-{machine}"
    modules = _vscode(root) / "node_modules"
    prebuilt = (
        *modules.glob("**/prebuilds/*"),
        *(root / "node_modules").glob("argon2/prebuilds/*"),
    )
    for path in (*prebuilt, *(modules / "@vscode" / "ripgrep-universal" / "bin").glob("*")):
        if path.is_dir() and not path.name.startswith(own):
            yield path
