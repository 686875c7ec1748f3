"""Writes small container images from files of this machine, as an OCI layout.

An image is one layer of files and links; the same content gives the same bytes, so
a second push sends nothing.
"""

import gzip
import hashlib
import io
import json
import platform
import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_MEDIA = "application/vnd.oci.image"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Image:
    """Files by their path in the image, links to them, and what is run."""

    files: dict[str, Path]
    links: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    def key(self) -> str:
        digest = hashlib.sha256(repr((sorted(self.links.items()), self.entrypoint)).encode())
        for path, source in sorted(self.files.items()):
            digest.update(f"{path}\0".encode())
            digest.update(source.read_bytes())
        return digest.hexdigest()[:16]


def layer(image: Image) -> bytes:
    """An uncompressed tar archive without times or owners."""
    paths = {*image.files, *image.links}
    parents = {str(up) for path in paths for up in PurePosixPath(path).parents if str(up) != "."}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for directory in sorted(parents | {"tmp"}):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if directory == "tmp" else 0o755
            archive.addfile(entry)
        for path, source in sorted(image.files.items()):
            content = source.read_bytes()
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
        for path, target in sorted(image.links.items()):
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return buffer.getvalue()


def write_layout(image: Image, directory: Path) -> None:
    """Write the image where ``skopeo copy oci:DIRECTORY`` finds it."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(kind: str, content: bytes) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    archive = layer(image)
    config = {
        "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
            "Entrypoint": list(image.entrypoint),
            "Cmd": list(image.command),
        },
        "rootfs": {
            "type": "layers",
            "diff_ids": [f"sha256:{hashlib.sha256(archive).hexdigest()}"],
        },
    }
    compressed = gzip.compress(archive, compresslevel=1, mtime=0)
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_MEDIA}.manifest.v1+json",
        "config": blob(f"{_MEDIA}.config.v1+json", _encode(config)),
        "layers": [blob(f"{_MEDIA}.layer.v1.tar+gzip", compressed)],
    }
    index = {
        "schemaVersion": 2,
        "manifests": [blob(f"{_MEDIA}.manifest.v1+json", _encode(manifest))],
    }
    (directory / "index.json").write_bytes(_encode(index))
    (directory / "oci-layout").write_bytes(_encode({"imageLayoutVersion": "1.0.0"}))


def _encode(document: object) -> bytes:
    return json.dumps(document, sort_keys=True).encode()
