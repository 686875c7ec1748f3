"""A site for plans in tests."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from kode.platform.local.editors.editor import Editor
from kode.platform.local.runtime.host import HostContext

EDITOR = Editor("code-server", "4.1", ("/cache/node", "/cache/entry.js"), Path("/cache"))
LAB = Editor("jupyterlab", "4.6", ("/cache/python", "-m", "jupyterlab"), Path("/cache"))
VOLUME = "/v/dev-home"
SHELL = "/bin/zsh"
HOST = HostContext(
    instance="dev-0123456789ab",
    volume=Path(VOLUME),
    sockets=Path("/s"),
    log=Path("/l/log"),
    port=40001,
    user="ann",
    shell=SHELL,
    uid=501,
    gid=502,
    editor=EDITOR,
    inherited={"PATH": "/opt/bin:/bin", "LANG": "de_DE.UTF-8"},
    secrets={"tokens": {"api": "s3cret", "odd": "$(PATH)"}},
)


def host(**changes: Any) -> HostContext:
    """Return the site with changes."""
    return replace(HOST, **changes)
