"""A podman of a test's own: its storage, and one small image in it.

Rule: nothing of the person's own podman is read or written; nothing is fetched.
"""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

IMAGE = "localhost/kode-test:1"
_PROGRAMS = ("sh", "httpd", "sleep", "id", "stat", "chown", "mkdir", "cat", "touch", "env")
_WITHIN = 120.0


class Unusable(Exception):
    """There is no podman that runs an image here; the text says why."""


@dataclass(frozen=True)
class Podman:
    """A podman with a storage of its own.

    Attributes:
        variables: what leads a podman to it.
    """

    variables: dict[str, str]

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run podman to its end."""
        return subprocess.run(
            ["podman", *words],
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            timeout=_WITHIN,
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
        Unusable: there is none here, or it runs nothing.
    """
    if not shutil.which("podman"):
        raise Unusable("podman is not installed")
    found = Podman(_configured(root))
    try:
        loaded = found.run("import", "--quiet", str(_files(root)), IMAGE)
        if loaded.returncode:
            raise Unusable(f"podman stores no image here: {loaded.stderr.strip()}")
        yield found
    finally:
        found.run("rm", "--all", "--force", "--time=0")
        found.run("rmi", "--all", "--force")
        if os.geteuid():
            # Of a person's own podman, some of it is only theirs within.
            found.run("unshare", "rm", "-rf", str(root / "graph"))


def _configured(root: Path) -> dict[str, str]:
    storage, containers = root / "storage.conf", root / "containers.conf"
    storage.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{root}/graph"\nrunroot = "{root}/run"\n'
        f'rootless_storage_path = "{root}/graph"\n'
    )
    # No network but its own loopback: the platform asks for none, and no test for more.
    containers.write_text('[containers]\nnetns = "none"\n')
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
