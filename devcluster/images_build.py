"""Building one image with buildah: no daemon, no registry, no cluster.

The rule: everything that a build leaves behind lies in the cache directory it was given, and the
Dockerfiles stay ones that `docker build` takes too.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from devcluster.errors import DevclusterError
from devcluster.images_layout import Layout

# Raised when the way of building changes, so that every image is built again.
RECIPE = "1"
KEY_LENGTH = 16
# The id of the build secret that Dockerfiles mount, and where a mount without a target puts it.
CERTIFICATES = "host-ca"
CERTIFICATES_IN_BUILD = f"/run/secrets/{CERTIFICATES}"
# The variables in which pip, uv and npm are told of it.
READ_CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
LINES_OF_A_FAILURE = 30


def content_key(paths: Sequence[Path], seeds: Sequence[str]) -> str:
    """A short hash over the names, modes and bytes below the paths, and over the seeds."""
    digest = hashlib.sha256("\0".join((RECIPE, *seeds)).encode())
    for path in paths:
        for file in _files_below(path):
            executable = os.access(file, os.X_OK)
            name = file.relative_to(path.parent)
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"\0{name}\0{executable}\0{content}".encode())
    return digest.hexdigest()[:KEY_LENGTH]


def _files_below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file


class Builder:
    """Buildah with its storage below the cache: layers kept, so a rebuild runs what changed."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.temporary = cache / "tmp"
        self.logs = cache / "logs"

    def run(self, log_name: str, argv: Sequence[str]) -> str:
        """The command's output, which also becomes a log; a failure carries its last lines."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.temporary.mkdir(parents=True, exist_ok=True)
        # TMPDIR is also where buildah keeps the cache mounts of RUN lines.
        environment = {**os.environ, "TMPDIR": str(self.temporary)}
        log_file = self.logs / f"{log_name}.log"
        with log_file.open("w") as log:
            status = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                check=False,
            ).returncode
        output = log_file.read_text(errors="replace")
        if status:
            last = output.splitlines()[-LINES_OF_A_FAILURE:]
            raise DevclusterError("\n".join([f"{log_name} failed; whole log: {log_file}", *last]))
        return output

    @property
    def storage(self) -> tuple[str, Path, Path]:
        """Driver, root and run directory of the storage used, and no other."""
        return os.environ.get("STORAGE_DRIVER", "overlay"), self.cache / "store", self.cache / "run"

    def buildah(self, log_name: str, *arguments: str) -> str:
        """Runs buildah on the storage."""
        driver, root, run = self.storage
        places = ("--root", str(root), "--runroot", str(run), "--storage-driver", driver)
        return self.run(log_name, ["buildah", *places, *arguments])

    def discard_leftovers(self) -> None:
        """Removes what builds that failed or were interrupted left mounted."""
        self.buildah("leftovers", "rm", "--all")

    def build(self, name: str, dockerfile: Path, context: Path, tag: str) -> None:
        """Runs a Dockerfile; what its FROM lines name must have been restored before."""
        options = ("--isolation=chroot", "--layers", "--pull-never", *_certificates())
        file = ("--file", str(dockerfile))
        self.buildah(name, "bud", *options, *file, "--tag", tag, str(context))

    def pull(self, name: str, source: str, tag: str) -> None:
        """Fetches an image into the storage under the tag."""
        image = self.buildah(name, "pull", "--quiet", source).split()[-1]
        self.buildah(f"{name}.tag", "tag", image, tag)

    def restore(self, layout: Layout, reference: str, tag: str) -> None:
        """Makes the layout's image what `FROM tag` finds, whatever the tag meant before."""
        driver, root, run = self.storage
        source = f"oci:{layout.path}:{reference}"
        target = f"containers-storage:[{driver}@{root}+{run}]{tag}"
        # Layers that the storage knows, as it does those built here, are not read again.
        self.run("restore", ["skopeo", "copy", "--quiet", source, target])

    def export(self, name: str, tag: str, layout: Layout, reference: str) -> None:
        """Writes an image into the layout, compressed, under a reference."""
        compression = ("--compression-format", "zstd", "--compression-level", "3")
        target = f"oci:{layout.path}:{reference}"
        log_name = f"{name}.export"
        self.buildah(log_name, "push", "--quiet", "--format", "oci", *compression, tag, target)


def _certificates() -> list[str]:
    """Options that give build steps the host's CA bundle: its HTTPS may be intercepted."""
    bundle = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    if not Path(bundle).is_file():
        return []
    arguments = (f"{name}={CERTIFICATES_IN_BUILD}" for name in READ_CERTIFICATES)
    options = [option for argument in arguments for option in ("--build-arg", argument)]
    return ["--secret", f"id={CERTIFICATES},src={bundle}", *options]
