"""What is built from Go modules, and how. Versions are pinned by each go.mod.

A component is a directory below ``go/``; its go.mod and go.sum fix every module by
hash. Components never share a go.mod: they want different versions of the
Kubernetes libraries.
"""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from devcluster.paths import GO_SOURCES

GO_MINIMUM = (1, 26)


@dataclass(frozen=True)
class Component:
    """One Go build: binary name -> package, and the flags that matter."""

    name: str
    binaries: dict[str, str]
    module: str = ""
    tags: str = ""
    version_variable: str = ""
    cgo: bool = False
    # Files of a module that are needed beside the binaries: the module, and which.
    files: tuple[str, str] | None = None
    minutes: int = 1
    sources: Path = field(default=GO_SOURCES)

    @property
    def directory(self) -> Path:
        return self.sources / self.name

    def version(self) -> str:
        """The pinned version of the main module; empty for our own programs."""
        if not self.module:
            return ""
        pattern = rf"^(?:require)?\s*{re.escape(self.module)} (v\S+)"
        match = re.search(pattern, (self.directory / "go.mod").read_text(), re.MULTILINE)
        return match.group(1) if match else "unpinned"

    def linker_flags(self) -> str:
        if not self.version_variable:
            return "-s -w"
        return f"-s -w -X {self.version_variable}={self.version()}"

    def key(self) -> str:
        """Changes whenever the binaries could: pins, sources or flags."""
        digest = hashlib.sha256()
        for path in sorted(self.directory.rglob("*")):
            if path.is_file() and not path.name.endswith("_test.go"):
                digest.update(f"{path.relative_to(self.directory)}\0".encode())
                digest.update(path.read_bytes())
        flags = (
            sorted(self.binaries.items()),
            self.tags,
            self.linker_flags(),
            self.cgo,
            self.files,
        )
        digest.update(repr(flags).encode())
        return digest.hexdigest()[:16]


def _kubernetes(*names: str) -> dict[str, str]:
    return {name: f"k8s.io/kubernetes/cmd/{name}" for name in names}


def _containerd(*names: str) -> dict[str, str]:
    return {name: f"github.com/containerd/containerd/v2/cmd/{name}" for name in names}


KUBERNETES = Component(
    name="kubernetes",
    module="k8s.io/kubernetes",
    version_variable="k8s.io/component-base/version.gitVersion",
    minutes=6,
    binaries=_kubernetes(
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "kubectl",
    ),
)
ETCD = Component(
    name="etcd",
    module="go.etcd.io/etcd/server/v3",
    binaries={"etcd": "go.etcd.io/etcd/server/v3"},
)
CONTAINERD = Component(
    name="containerd",
    module="github.com/containerd/containerd/v2",
    tags="no_btrfs no_devmapper no_zfs no_aufs",
    binaries=_containerd("containerd", "containerd-shim-runc-v2", "ctr"),
)
RUNC = Component(
    name="runc",
    module="github.com/opencontainers/runc",
    tags="seccomp",
    cgo=True,
    binaries={"runc": "github.com/opencontainers/runc"},
)
COREDNS = Component(
    name="coredns",
    module="github.com/coredns/coredns",
    binaries={"coredns": "."},
)
ADDONS = Component(
    name="addons",
    binaries={name: f"./cmd/{name}" for name in ("csi", "netpol", "pause", "provisioner")},
)
KWOK = Component(
    name="kwok",
    module="sigs.k8s.io/kwok",
    minutes=2,
    binaries={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
)
METRICS_SERVER = Component(
    name="metrics-server",
    module="sigs.k8s.io/metrics-server",
    minutes=3,
    binaries={"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
)

SNAPSHOTTER = Component(
    name="snapshotter",
    module="github.com/kubernetes-csi/external-snapshotter/v8",
    minutes=4,
    binaries={
        name: f"github.com/kubernetes-csi/external-snapshotter/v8/cmd/{name}"
        for name in ("csi-snapshotter", "snapshot-controller")
    },
    files=(
        "github.com/kubernetes-csi/external-snapshotter/client/v8",
        "config/crd/snapshot.storage.k8s.io_*.yaml",
    ),
)

CONTROL_PLANE = (KUBERNETES, ETCD, ADDONS)
FULL = (*CONTROL_PLANE, CONTAINERD, RUNC, COREDNS)
FAKE = (*CONTROL_PLANE, KWOK)
ALL = (*FULL, KWOK, METRICS_SERVER, SNAPSHOTTER)
