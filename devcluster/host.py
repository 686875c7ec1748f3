"""What a cluster needs of its host, and the words that say what is missing."""

import os
import platform
from pathlib import Path

from devcluster.errors import DevclusterError
from devcluster.paths import PACKAGE_LIST

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
    """Say everything that is missing at once, with the command that fixes it."""
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
