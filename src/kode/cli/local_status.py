"""The status of the local platform: its daemon, folders, editors and disk usage.

Rule: read from the folders themselves, so it is right while the platform is down as well.
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

_SIZE_TIMEOUT = 1.0
"""Seconds to spend on adding up sizes."""


def kode_files(kode: Mapping[str, Any]) -> list[list[str]]:
    """Return titles and texts: the folder of a Kode's files and their size."""
    meta = kode["metadata"]
    storage = kode["spec"].get("storage") or {}
    claim = storage.get("existingVolumeClaim") or names.home_claim(meta["name"])
    path = Paths.of(os.environ).volume(meta["namespace"], claim)
    if not path.is_dir():
        return [["files", f"{path} (none yet)"]]
    return [["files", f"{path} ({disk_usage(path)})"]]


def platform_state() -> dict[str, Any]:
    """Return whether the platform runs, its folders, and how much disk it uses."""
    from kode.cli.editors import editor_rows, open_editors
    from kode.platform.local.status.daemon_info import find_daemon

    paths = Paths.of(os.environ)
    run = find_daemon(paths)
    daemon: dict[str, Any] = {"state": "up" if run else "down"}
    if run:
        since = datetime.fromtimestamp(run.since, UTC).isoformat(timespec="seconds")
        daemon |= {
            "address": run.url,
            "proxy": "answers" if run.ready else "does not answer",
            "pid": run.pid,
            "since": since,
            "daemon version": run.version,
        }
    installed = [
        row["name"]
        for row in editor_rows(open_editors())
        if row["state"] in ("installed", "user-provided")
    ]
    return {
        **daemon,
        # Whether it runs containers takes a second to test: that is left to `kode doctor`.
        "podman": "installed (test it with `kode doctor`)"
        if shutil.which("podman")
        else "not installed",
        "editors": installed,
        "data directory": str(paths.root),
        "cache": str(paths.cache),
        "disk used": disk_usage(paths.root),
        "disk free": format_bytes(shutil.disk_usage(nearest_folder(paths.root)).free),
    }


def nearest_folder(path: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def disk_usage(folder: Path) -> str:
    """Return the disk usage of a folder as text; links are not followed."""
    total, until = 0, time.monotonic() + _SIZE_TIMEOUT
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(root) / name).lstat().st_blocks * 512
            except OSError:
                continue  # deleted meanwhile
        if time.monotonic() > until:
            return f"more than {format_bytes(total)}"
    return format_bytes(total)
