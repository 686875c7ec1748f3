"""A podman of a test's own: its storage, and one small image in it.

Rule: nothing of the person's own podman is read or written; nothing is fetched.
"""

import os
import resource
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

IMAGE = "localhost/kode-test:1"
_PROGRAMS = ("sh", "httpd", "sleep", "id", "stat", "chown", "mkdir", "cat", "touch", "env", "true")
_TIMEOUT = 120.0
_TRIAL_TIMEOUT = 30.0
_RUNTIMES = ("", "crun", "runc")
"""OCI runtimes that may run the image: podman's own, or one that has to be named."""


class Unusable(Exception):
    """There is no podman that runs an image here; the text says why."""


@dataclass(frozen=True)
class Podman:
    """A podman with a storage of its own.

    Attributes:
        variables: what leads a podman to it.
    """

    variables: dict[str, str]

    def run(self, *words: str, timeout: float = _TIMEOUT) -> "subprocess.CompletedProcess[str]":
        """Run podman to its end."""
        return subprocess.run(
            ["podman", *words],
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def containers(self) -> list[str]:
        """Return the names of all containers, running or not."""
        found = self.run("ps", "--all", "--format", "{{.Names}}")
        assert found.returncode == 0, found.stderr
        return found.stdout.split()


@contextmanager
def podman(root: Path) -> Iterator[Podman]:
    """Make a podman in an empty folder, and take it away again.

    Raises:
        Unusable: there is none here, or none of its OCI runtimes runs a container.
    """
    if not shutil.which("podman"):
        raise Unusable("podman is not installed")
    found = Podman(configured(root))
    try:
        loaded = found.run("import", "--quiet", str(_files(root)), IMAGE)
        if loaded.returncode:
            raise Unusable(f"podman stores no image here: {loaded.stderr.strip()}")
        _choose_runtime(found, root)
        yield found
    finally:
        found.run("rm", "--all", "--force", "--time=0")
        found.run("rmi", "--all", "--force")
        if os.geteuid():
            # Of a person's own podman, some of it is only theirs within.
            found.run("unshare", "rm", "-rf", str(root / "graph"))


def _choose_runtime(found: Podman, root: Path) -> None:
    """Have podman use the first OCI runtime that really runs the image."""
    complaints = []
    for name in _RUNTIMES:
        configured(root, f'[engine]\nruntime = "{name}"\n' if name else "")
        try:
            tried = found.run(
                *("run", "--rm", *_ulimits(), IMAGE, "true"),
                timeout=_TRIAL_TIMEOUT,
            )
        except subprocess.TimeoutExpired:
            complaints.append(f"no container within {_TRIAL_TIMEOUT:g} s")
            continue
        if tried.returncode == 0:
            return
        complaints.append(tried.stderr.strip())
    reasons = "; ".join(dict.fromkeys(complaints))
    raise Unusable(f"podman runs no container here, with any of its OCI runtimes: {reasons}")


def _ulimits() -> Iterator[str]:
    # As root without the right to raise limits, podman cannot give a container its usual ones.
    pids = int(Path("/proc/sys/kernel/pid_max").read_text())
    for name, kind in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        limit = min(it for it in (resource.getrlimit(kind)[1], pids) if it > 0)
        yield f"--ulimit={name}={limit}:{limit}"


def configured(root: Path, engine: str = "") -> dict[str, str]:
    """Write the configuration of a podman that keeps all it has in a folder.

    Args:
        root: the folder.
        engine: more for its containers.conf.

    Returns:
        The variables that lead a podman to it.
    """
    storage, containers = root / "storage.conf", root / "containers.conf"
    storage.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{root}/graph"\nrunroot = "{root}/run"\n'
        f'rootless_storage_path = "{root}/graph"\n'
    )
    # No network but its own loopback: the platform asks for none, and no test for more.
    containers.write_text(f'[containers]\nnetns = "none"\n{engine}')
    return {"CONTAINERS_CONF": str(containers), "CONTAINERS_STORAGE_CONF": str(storage)}


def _files(root: Path) -> Path:
    """Return an archive of an image's files: busybox, what it is linked with, and no user."""
    busybox = shutil.which("busybox")
    if not busybox:
        raise Unusable("busybox, which the image is made of, is not installed")
    tree = root / "tree"
    for folder in ("bin", "tmp", "etc"):
        (tree / folder).mkdir(parents=True)
    (tree / "tmp").chmod(0o1777)
    shutil.copy(busybox, tree / "bin" / "busybox")
    for name in _PROGRAMS:
        (tree / "bin" / name).symlink_to("busybox")
    linked = subprocess.run(["ldd", busybox], capture_output=True, text=True, check=False)
    for word in linked.stdout.split():
        if word.startswith("/"):
            target = tree / word.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(word, target)
    archive = root / "files.tar"
    with tarfile.open(archive, "w") as file:
        file.add(tree, arcname=".")
    return archive
