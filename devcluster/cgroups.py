"""The control group of a cluster's pods, for cgroup v1 and v2.

Control groups are not part of the namespaces: two kubelets on one group would
remove each other's pods, so each cluster has its own, removed by ``down``.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from devcluster.errors import DevclusterError

ROOT = Path("/sys/fs/cgroup")
REMOVE_SECONDS = 20.0


def hierarchies(root: Path = ROOT) -> Iterator[Path]:
    """Every mounted hierarchy: the one of v2, or each controller's of v1."""
    if (root / "cgroup.controllers").is_file():
        yield root
        return
    for path in sorted(root.iterdir()):
        if not path.is_symlink() and (path / "cgroup.procs").is_file():
            yield path


def create(name: str, root: Path = ROOT) -> None:
    for hierarchy in hierarchies(root):
        group = hierarchy / name
        if hierarchy == root:
            _delegate(hierarchy)
            group.mkdir(exist_ok=True)
            _delegate(group)
            continue
        group.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):  # empty in a new v1 group
            if (hierarchy / setting).is_file():
                (group / setting).write_text((hierarchy / setting).read_text())


def _delegate(group: Path) -> None:
    """v2: let groups below use every controller that this one has."""
    available = (group / "cgroup.controllers").read_text().split()
    active = (group / "cgroup.subtree_control").read_text().split()
    for controller in sorted(set(available) - set(active)):
        with contextlib.suppress(OSError):  # some cannot be delegated; pods do without
            (group / "cgroup.subtree_control").write_text(f"+{controller}")


def remove(name: str, root: Path = ROOT) -> None:
    """Remove the group from every hierarchy.

    The kernel lets go of processes a moment after they were killed, so this tries for
    a while.
    """
    deadline = time.monotonic() + REMOVE_SECONDS
    while left := [group_dir for h in hierarchies(root) if (group_dir := h / name).is_dir()]:
        for group in left:
            for directory, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    Path(directory).rmdir()
        if not any(group.is_dir() for group in left):
            return
        if time.monotonic() > deadline:
            names = ", ".join(str(group) for group in left)
            raise DevclusterError(f"control groups are still in use: {names}")
        time.sleep(0.1)
