"""Whether an editor really starts.

Rule: it is asked for a page the way it will be: over a Unix socket, in a home of its own.
"""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kode.platform.local.editors import command
from kode.platform.local.editors.catalog import CODE_SERVER
from kode.platform.local.editors.command import CommandFailed
from kode.platform.local.editors.editor import Editor
from kode.platform.local.editors.flags import code_server, jupyterlab
from kode.platform.local.editors.host_env import inherit_env
from kode.platform.local.http_get import get_status

_TIMEOUT = 120.0
_PAUSE = 0.1
_ANSWER_TIMEOUT = 5.0
_SUCCESS = range(200, 300)


def surroundings(user_env: Mapping[str, str]) -> dict[str, str]:
    """Return what of a user's environment an editor has when a Kode is started."""
    return {"PATH": os.defpath, **inherit_env(user_env)}


async def check_starts(editor: Editor, environment: Mapping[str, str]) -> None:
    """Start an editor, wait until it answers, and end it.

    Args:
        editor: the editor.
        environment: a user's.

    Raises:
        CommandFailed: it ended, or did not answer in time.
    """
    with tempfile.TemporaryDirectory(prefix="kode-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        place, path = home / "s", "/api"
        flags = jupyterlab((place, home / "k"), home, home, terminal="/bin/sh")
        if editor.name == CODE_SERVER:
            flags, path = code_server((place, home / "t"), home), "/healthz"
        env = {**surroundings(environment), **editor.env, "HOME": name}
        async with command.start_process([*editor.argv, *flags], cwd=home, env=env) as program:
            loop = asyncio.get_running_loop()
            end = loop.time() + _TIMEOUT
            while not await check_responds(place, path):
                if program.returncode is not None or loop.time() > end:
                    raise CommandFailed(editor.name, "it does not start")
                await asyncio.sleep(_PAUSE)


async def check_responds(place: Path, path: str) -> bool:
    """Tell whether GET of a path over a Unix socket is answered with success."""
    try:
        async with asyncio.timeout(_ANSWER_TIMEOUT):
            return await get_status(path, socket=place) in _SUCCESS
    except (OSError, ValueError):
        return False
