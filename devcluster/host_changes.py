"""What clusters change on their host outside of namespaces, and its way back.

Three things: kernel settings that the kubelet writes, a kernel module, and the mount
points of directories that are hidden from the kubelet. The first cluster on the
machine notes them, its starter, and the last one to go puts them back.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from devcluster.errors import DevclusterError

# All that the kubelet writes below /proc/sys outside of the network's part.
KERNEL_SETTINGS = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
# Paths that the kubelet, containerd and CNI plugins have built in.
NODE_DIRECTORIES = ("/var/lib/cni", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods")
# Pods reach Services whose pods are on the same bridge by way of this module.
BRIDGE_SETTING = "net/bridge/bridge-nf-call-iptables"
BRIDGE_MODULE = "br_netfilter"


@dataclass(frozen=True)
class Noted:
    """The host before the first cluster, and the run directories of those since."""

    boot: str
    settings: dict[str, str]
    directories: list[str]
    modules: list[str]
    clusters: list[str]


@dataclass(frozen=True)
class HostChanges:
    """The note of one machine. It does not outlive a reboot, as what it is about."""

    file: Path = Path("/run/kode-devcluster.json")
    settings: Path = Path("/proc/sys")

    def enter(self, run: Path) -> None:
        """Count a cluster in. The first one finds the host as it is to be again."""
        with self._lock():
            noted = self._read()
            if noted:
                self._write(noted, {*noted.clusters, str(run)})
                return
            noted = self._look()
            self._write(noted, {str(run)})
            for directory in noted.directories:
                Path(directory).mkdir()
            for module in noted.modules:
                _load(module)

    def leave(self, run: Path) -> None:
        """Count a cluster out, and put the host back after the last one.

        Not before: removing a directory takes away every mount on it.
        """
        with self._lock():
            noted = self._read()
            if not noted:
                return
            left = {it for it in noted.clusters if it != str(run) and Path(it).exists()}
            if left:
                self._write(noted, left)
                return
            self._restore(noted)
            self.file.unlink()

    def _look(self) -> Noted:
        paths = {name: self.settings / name for name in KERNEL_SETTINGS}
        return Noted(
            boot=_boot(),
            settings={name: path.read_text() for name, path in paths.items() if path.exists()},
            directories=[it for it in NODE_DIRECTORIES if not Path(it).exists()],
            modules=[] if (self.settings / BRIDGE_SETTING).exists() else [BRIDGE_MODULE],
            clusters=[],
        )

    def _restore(self, noted: Noted) -> None:
        for name, value in noted.settings.items():
            path = self.settings / name
            if path.read_text() != value:
                path.write_text(value)
        for directory in noted.directories:
            with contextlib.suppress(OSError):  # not empty: someone else's by now
                Path(directory).rmdir()
        for module in noted.modules:
            subprocess.run(["modprobe", "--quiet", "--remove", module], check=False)

    def _read(self) -> Noted | None:
        if not self.file.exists():
            return None
        noted = Noted(**json.loads(self.file.read_text()))
        return noted if noted.boot == _boot() else None

    def _write(self, noted: Noted, clusters: set[str]) -> None:
        document = asdict(noted) | {"clusters": sorted(clusters)}
        scratch = self.file.with_suffix(".new")
        scratch.write_text(json.dumps(document, indent=2))
        scratch.rename(self.file)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        # The directory serves as the lock, so that no lock file is left behind.
        descriptor = os.open(self.file.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _load(module: str) -> None:
    command = ["modprobe", module]
    if shutil.which(command[0]) and not subprocess.run(command, check=False).returncode:
        return
    raise DevclusterError(
        f"The kernel module {module} is needed and could not be loaded. Load it with"
        f" `modprobe {module}`, or use a kernel that has it."
    )


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
