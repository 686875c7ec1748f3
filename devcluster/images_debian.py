"""The base image's root filesystem, made by debootstrap and slimmed.

The rule: package sources are this machine's own, so a machine that reaches Debian at all can make
the image, and the image gets the same updates.
"""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

SUITE = "bookworm"
SETTINGS = {
    "dpkg.cfg": ("etc/dpkg/dpkg.cfg.d/slim", 0o644),
    "apt.conf": ("etc/apt/apt.conf.d/slim", 0o644),
    "policy-rc.d": ("usr/sbin/policy-rc.d", 0o755),
}
# Emptied: caches, and what dpkg.cfg keeps later packages from bringing.
EMPTIED = (
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
    "var/cache/apt",
    "var/cache/debconf",
    "var/lib/apt/lists",
    "var/log",
)
# Names of the machine it was made on.
REMOVED = ("etc/hostname", "etc/resolv.conf")


def write_rootfs(settings: Path, target: Path, call: Callable[[Sequence[str]], object]) -> None:
    """Writes `target`/rootfs.tar from the settings files; `call` runs a command or raises."""
    root = target / "rootfs"
    archive, security = debian_sites()
    call(["debootstrap", "--variant=minbase", SUITE, str(root), *([archive] if archive else [])])
    slim(root, settings)
    if archive:
        (root / "etc/apt/sources.list").write_text(sources_list(archive, security))
    tar = str(target / "rootfs.tar")
    call(["tar", "-C", str(root), "--numeric-owner", "--sort=name", "-cf", tar, "."])


def slim(root: Path, settings: Path) -> None:
    """Removes what an image does not need and keeps later packages from bringing it."""
    for name, (place, mode) in SETTINGS.items():
        file = root / place
        shutil.copyfile(settings / name, file)
        file.chmod(mode)
    for place in EMPTIED:
        _empty(root / place)
    for place in REMOVED:
        (root / place).unlink(missing_ok=True)
    for file in (root / "usr/share/doc").rglob("*"):
        if file.name != "copyright" and (file.is_symlink() or not file.is_dir()):
            file.unlink()


def sources_list(archive: str, security: str) -> str:
    """Apt's sources for the suite with its updates, and its security fixes where they are known."""
    lines = [f"deb {archive} {SUITE} main", f"deb {archive} {SUITE}-updates main"]
    if security:
        lines.append(f"deb {security} {SUITE}-security main")
    return "\n".join(lines) + "\n"


def debian_sites() -> tuple[str, str]:
    """Where this machine's apt finds Debian and its security fixes; "" for the unknown."""
    argv = ["apt-get", "indextargets", "--format", "$(LABEL)|$(SITE)"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    sites = {
        label: site for label, _, site in (line.partition("|") for line in listed.splitlines())
    }
    return sites.get("Debian", ""), sites.get("Debian-Security", "")


def _empty(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
