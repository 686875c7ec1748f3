"""What a cluster needs of its host, and what it changes there and puts back.

A few things cannot be kept inside namespaces: kernel settings that the kubelet
writes, a kernel module, and the mount points of directories that are hidden from it.
The first cluster notes them, the last one to go puts them back.
"""

import contextlib
import json
import os
import platform
import shutil
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path

from devcluster.errors import DevclusterError
from devcluster.paths import PACKAGE_LIST, Store

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

BRIDGE_SETTING = "net/bridge/bridge-nf-call-iptables"
BRIDGE_MODULE = "br_netfilter"

# Files that show that a package is installed: those that a start needs. The list
# of packages has more, for building images.
SHOWN_BY = {
    "busybox": "/bin/busybox",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "docker-registry": "/usr/bin/docker-registry",
    "gcc": "/usr/bin/gcc",
    "iproute2": "/usr/sbin/ip|/sbin/ip|/usr/bin/ip",
    "iptables": "/usr/sbin/iptables|/sbin/iptables",
    "libc6-dev": "/usr/include/stdlib.h",
    "libseccomp-dev": "/usr/include/seccomp.h",
    "nftables": "/usr/sbin/nft|/sbin/nft",
    "openssl": "/usr/bin/openssl",
    "pkg-config": "/usr/bin/pkg-config",
    "skopeo": "/usr/bin/skopeo",
    "util-linux": "/usr/bin/nsenter",
}


def packages() -> list[str]:
    lines = (line.split("#")[0].strip() for line in PACKAGE_LIST.read_text().splitlines())
    return [line for line in lines if line]


def missing_packages() -> list[str]:
    missing = []
    for package in packages():
        shown_by = SHOWN_BY.get(package)
        if shown_by and not any(Path(path).exists() for path in shown_by.split("|")):
            missing.append(package)
    return missing


def require() -> None:
    """Say everything that is missing at once, with the command that mends it."""
    if platform.system() != "Linux":
        raise DevclusterError("devcluster runs on Linux only: it is made of Linux namespaces.")
    require_root()
    if missing := missing_packages():
        raise DevclusterError(
            "These Debian packages are missing. Install them (`make deps` does) and try again:\n"
            f"  apt-get install --no-install-recommends {' '.join(missing)}"
        )


def require_root() -> None:
    if os.geteuid() != 0:
        raise DevclusterError(
            "devcluster makes namespaces and mounts, so it needs root: run it with sudo -E"
        )


def note(store: Store, settings: Path = Path("/proc/sys")) -> None:
    """Remember the host as it is, unless an earlier cluster has done so."""
    if _noted(store):
        return
    found = {
        name: (settings / name).read_text()
        for name in KERNEL_SETTINGS
        if (settings / name).exists()
    }
    made = [path for path in NODE_DIRECTORIES if not Path(path).exists()]
    store.runs.mkdir(parents=True, exist_ok=True)
    # Pods reach Services whose pods are on the same bridge by way of this module.
    loaded = [] if (settings / BRIDGE_SETTING).exists() else [BRIDGE_MODULE]
    noted = Noted(_boot(), found, made, loaded)
    store.host_settings.write_text(json.dumps(asdict(noted), indent=2))
    for path in made:
        Path(path).mkdir()
    for module in loaded:
        _load(module)


def restore(store: Store, settings: Path = Path("/proc/sys")) -> None:
    """Put the host back as it was noted.

    Not while another cluster is up: removing a directory would also take away that
    cluster's mount on it.
    """
    noted = _noted(store)
    if noted:
        for name, value in noted.settings.items():
            path = settings / name
            if path.exists() and path.read_text() != value:
                path.write_text(value)
        for directory in noted.directories:
            with contextlib.suppress(OSError):  # not empty: someone else's by now
                Path(directory).rmdir()
        for module in noted.modules:
            subprocess.run(["modprobe", "--quiet", "--remove", module], check=False)
    store.host_settings.unlink(missing_ok=True)


@dataclass(frozen=True)
class Noted:
    """The host before the first cluster."""

    boot: str
    settings: dict[str, str]
    directories: list[str]
    modules: list[str] = field(default_factory=list)


def _noted(store: Store) -> Noted | None:
    if not store.host_settings.exists():
        return None
    noted = Noted(**json.loads(store.host_settings.read_text()))
    if noted.boot == _boot():
        return noted
    # What was set and loaded before a reboot says nothing about this one.
    return Noted(noted.boot, {}, noted.directories)


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
