"""Where devcluster keeps things. Only this module knows the directory names.

Two kinds of places: what is worth keeping between runs (built binaries, the
registry's images) and a run directory for each cluster, gone after ``down``.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
GO_SOURCES = SOURCE / "go"
MANIFESTS = SOURCE / "manifests"
CGROUP_PREFIX = "kode-devcluster-"
PACKAGE_LIST = SOURCE / "packages.txt"


def cache_dir() -> Path:
    """The product's cache, shared with everything else that Kode downloads."""
    chosen = os.environ.get("KODE_CACHE")
    if chosen:
        return Path(chosen).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().resolve() / "kode"


@dataclass(frozen=True)
class Store:
    """What outlives a cluster, below the cache directory."""

    root: Path

    @classmethod
    def default(cls) -> "Store":
        return cls(cache_dir() / "devcluster")

    @property
    def binaries(self) -> Path:
        return self.root / "bin"

    @property
    def build_logs(self) -> Path:
        return self.root / "log"

    @property
    def registry(self) -> Path:
        return self.root / "registry"

    @property
    def runs(self) -> Path:
        return self.root / "run"

    def run(self, name: str) -> "RunDir":
        return RunDir(self.runs / name)

    def lock(self, name: str) -> Path:
        return self.root / "lock" / name


@dataclass(frozen=True)
class RunDir:
    """The files of one cluster while it is up."""

    root: Path

    @property
    def cgroup(self) -> str:
        """The name of the pods' control group: no other run directory has the same."""
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()
        return f"{CGROUP_PREFIX}{self.root.name}-{digest[:8]}"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def init_pid(self) -> Path:
        return self.root / "init.pid"

    @property
    def services(self) -> Path:
        return self.root / "services"

    @property
    def supervised(self) -> Path:
        """How often each service was started, and whether it runs."""
        return self.root / "supervised.json"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def bin(self) -> Path:
        """Links to the binaries in use; first in PATH for what runs inside."""
        return self.root / "bin"

    @property
    def tools(self) -> Path:
        """The binaries that a user uses: for PATH in a shell of the host."""
        return self.root / "tools"

    @property
    def etcd(self) -> Path:
        return self.root / "etcd"

    @property
    def containerd(self) -> Path:
        return self.root / "containerd"

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    @property
    def csi(self) -> Path:
        """Volumes and snapshots of the CSI driver, where it was added."""
        return self.root / "csi"

    @property
    def hidden(self) -> Path:
        """Stands in for host directories whose paths the node's parts hard-code."""
        return self.root / "hidden"

    @property
    def registry_hosts(self) -> Path:
        return self.config / "registry-hosts"

    @property
    def cni(self) -> Path:
        return self.config / "cni"

    def kubeconfig(self, identity: str) -> Path:
        return self.config / f"{identity}.kubeconfig"

    @property
    def inside_kubeconfig(self) -> Path:
        return self.kubeconfig("admin")

    @property
    def host_kubeconfig(self) -> Path:
        return self.kubeconfig("host")
