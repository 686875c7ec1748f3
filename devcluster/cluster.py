"""What can be done with a cluster: the part that tests and the command line use.

A cluster is either one of ours, made of namespaces on this machine, or, where
KODE_TEST_CLUSTER=existing is set, the one that KUBECONFIG names: then nothing is
started or stopped, and commands simply run.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from devcluster import build, cgroups, host, locks, namespaces, state
from devcluster.boot import Boot
from devcluster.errors import DevclusterError
from devcluster.host_changes import HostChanges
from devcluster.paths import RunDir, Store
from devcluster.state import Mode, State

DEFAULT_NAME = "default"
# It becomes a directory and a control group.
NAME_PATTERN = "[a-z0-9][a-z0-9-]{0,30}"


class Cluster(Protocol):
    """What a test runner needs to know of any cluster."""

    def exec_prefix(self, *, whole: bool = False) -> list[str]:
        """Put before a command, makes it run where the cluster's addresses are."""

    def exec_environment(self) -> dict[str, str]:
        """Variables for such a command: KUBECONFIG, and PATH with kubectl."""

    def host_environment(self) -> dict[str, str]:
        """The same for commands outside, in the host's own network."""

    def kubeconfig(self, *, on_host: bool) -> Path:
        """Credentials that work inside, or from the host's own network."""


@dataclass(frozen=True)
class DevCluster:
    """A cluster on this machine, by name."""

    name: str = DEFAULT_NAME
    store: Store = field(default_factory=Store.default)
    host_changes: HostChanges = field(default_factory=HostChanges)

    def __post_init__(self) -> None:
        if not re.fullmatch(NAME_PATTERN, self.name):
            raise DevclusterError(f"a cluster's name must match {NAME_PATTERN}: {self.name!r}")

    @property
    def run(self) -> RunDir:
        return self.store.run(self.name)

    def state(self) -> State | None:
        """The state of a cluster that is up and ready, else nothing."""
        current = state.read(self.run)
        return current if current and current.ready and current.supervisor.alive() else None

    def up(self, mode: Mode) -> tuple[State, bool]:
        """Start the cluster; tells also whether it had to be started."""
        boot = Boot(self.name, mode, self.store)
        with self.lock():
            if current := self.state():
                if current.mode != mode:
                    raise DevclusterError(
                        f"cluster {self.name} is up in {current.mode} mode; take it down first,"
                        " or choose another --name"
                    )
                return current, False
            host.require()
            build.build(boot.components(), self.store)
            self.clear()  # of a boot that failed, or a crash
            self.run.root.mkdir(parents=True)
            self.host_changes.enter(self.run.root)
            return boot.go(), True

    def down(self) -> bool:
        """Remove every trace; tells whether there was any."""
        with self.lock():
            present = self.run.root.is_dir() or any(
                (it / self.run.cgroup).is_dir() for it in cgroups.hierarchies()
            )
            if present:
                host.require_root()
                self.clear()
            return present

    def clear(self) -> None:
        current = state.read(self.run)
        if current and current.pid:
            namespaces.end(current.supervisor)
        elif self.run.init_pid.exists():  # interrupted just then
            process = namespaces.Process.find(int(self.run.init_pid.read_text()))
            if process and namespaces.belongs(process, self.run):
                namespaces.end(process)
        cgroups.remove(self.run.cgroup)
        remove_tree(self.run.root)
        self.host_changes.leave(self.run.root)

    @contextmanager
    def lock(self) -> Iterator[None]:
        with locks.hold(self.store, self.name):
            yield

    def require_state(self) -> State:
        current = self.state()
        if not current:
            raise DevclusterError(
                f"cluster {self.name} is not up: start it with `python3 -m devcluster up`"
            )
        return current

    def exec_prefix(self, *, whole: bool = False) -> list[str]:
        return namespaces.enter(self.require_state().supervisor, whole=whole)

    def exec_environment(self) -> dict[str, str]:
        return _environment(self.run.inside_kubeconfig, self.run.bin)

    def host_environment(self) -> dict[str, str]:
        self.require_state()
        return _environment(self.run.host_kubeconfig, self.run.tools)

    def kubeconfig(self, *, on_host: bool) -> Path:
        self.require_state()
        return self.run.host_kubeconfig if on_host else self.run.inside_kubeconfig


class ExistingCluster:
    """Somebody's cluster, as KUBECONFIG names it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exec_prefix(self, *, whole: bool = False) -> list[str]:
        if whole:
            raise DevclusterError("an existing cluster's nodes cannot be entered from here")
        return []

    def exec_environment(self) -> dict[str, str]:
        return {"KUBECONFIG": str(self.path)}

    def host_environment(self) -> dict[str, str]:
        return self.exec_environment()

    def kubeconfig(self, *, on_host: bool) -> Path:
        del on_host  # one file serves both: there is no inside
        return self.path


def existing() -> ExistingCluster | None:
    """The existing cluster, where the environment asks for one."""
    if os.environ.get("KODE_TEST_CLUSTER") != "existing":
        return None
    path = os.environ.get("KUBECONFIG")
    if not path:
        raise DevclusterError("KODE_TEST_CLUSTER=existing needs KUBECONFIG to name the cluster")
    return ExistingCluster(Path(path))


def find(name: str = DEFAULT_NAME) -> Cluster:
    """The cluster to use."""
    return existing() or DevCluster(name)


def _environment(kubeconfig: Path, binaries: Path) -> dict[str, str]:
    path = f"{binaries}:{os.environ.get('PATH', os.defpath)}"
    return {"KUBECONFIG": str(kubeconfig), "PATH": path}


def remove_tree(path: Path) -> None:
    """Files that a process was still writing when it was killed may appear late."""
    for _ in range(5):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(0.1)
    raise DevclusterError(f"{path} could not be removed")
