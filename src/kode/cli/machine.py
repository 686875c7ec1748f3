"""What only this machine can tell.

Rule: read from the folders themselves, so it is true while the platform is down as well.
"""

import os
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kode import names
from kode.cli.terminal.format import format_bytes
from kode.platform.local.paths import Paths

_PATIENCE = 1.0
"""Seconds to spend on adding up sizes."""


def about(kode: Mapping[str, Any]) -> list[list[str]]:
    """Return titles and texts: where the files of a Kode are and how large they are."""
    meta = kode["metadata"]
    storage = kode["spec"].get("storage") or {}
    claim = storage.get("existingVolumeClaim") or names.home_claim(meta["name"])
    path = Paths.of(os.environ).volume(meta["namespace"], claim)
    if not path.is_dir():
        return [["files", f"{path} (none yet)"]]
    return [["files", f"{path} ({size(path)})"]]


def state() -> dict[str, Any]:
    """Return whether the platform runs, where things are, and how much room there is."""
    from kode.cli.editors import editors, told
    from kode.platform.local.status.daemon_info import find_daemon

    paths = Paths.of(os.environ)
    run = find_daemon(paths)
    said: dict[str, Any] = {"state": "up" if run else "down"}
    if run:
        since = datetime.fromtimestamp(run.since, UTC).isoformat(timespec="seconds")
        said |= {
            "address": run.url,
            "door": "answers" if run.ready else "does not answer",
            "pid": run.pid,
            "since": since,
            "running": run.version,
        }
    here = [row["name"] for row in told(editors()) if row["state"] in ("installed", "your own")]
    return {
        **said,
        # Whether it runs containers takes a second to try: that is the doctor's.
        "podman": "installed, `kode doctor` tries it"
        if shutil.which("podman")
        else "not installed",
        "editors": here,
        "files": str(paths.root),
        "cache": str(paths.cache),
        "used": size(paths.root),
        "free": format_bytes(shutil.disk_usage(existing(paths.root)).free),
    }


def existing(path: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def size(folder: Path) -> str:
    """Return what a folder takes on disk, for people; links are not followed."""
    total, until = 0, time.monotonic() + _PATIENCE
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(root) / name).lstat().st_blocks * 512
            except OSError:
                continue  # gone since
        if time.monotonic() > until:
            return f"more than {format_bytes(total)}"
    return format_bytes(total)
