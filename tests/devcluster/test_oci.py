"""Images written from files: the same bytes for the same content, sound digests."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from devcluster.oci import Image, layer, write_layout


@pytest.fixture
def image(tmp_path: Path) -> Image:
    program = tmp_path / "program"
    program.write_bytes(b"#!program\n")
    return Image({"usr/bin/program": program}, {"bin": "usr/bin"}, entrypoint=("/bin/program",))


def blob(directory: Path, descriptor: dict[str, Any]) -> bytes:
    digest: str = descriptor["digest"]
    content = (directory / "blobs/sha256" / digest.removeprefix("sha256:")).read_bytes()
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest
    assert len(content) == descriptor["size"]
    return content


def test_every_digest_is_that_of_its_content(image: Image, tmp_path: Path) -> None:
    directory = tmp_path / "layout"
    write_layout(image, directory)
    index = json.loads((directory / "index.json").read_text())
    manifest = json.loads(blob(directory, index["manifests"][0]))
    config = json.loads(blob(directory, manifest["config"]))
    archive = gzip.decompress(blob(directory, manifest["layers"][0]))
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(archive).hexdigest()}"]
    assert config["config"]["Entrypoint"] == ["/bin/program"]


def test_a_layer_has_directories_before_files_and_links(image: Image) -> None:
    with tarfile.open(fileobj=io.BytesIO(layer(image))) as archive:
        entries = archive.getmembers()
    assert [entry.name for entry in entries] == ["tmp", "usr", "usr/bin", "usr/bin/program", "bin"]
    assert all(entry.mtime == 0 and entry.uid == 0 for entry in entries)
    assert entries[-1].linkname == "usr/bin"


def test_the_key_follows_the_content(image: Image) -> None:
    before = image.key()
    assert image.key() == before
    image.files["usr/bin/program"].write_bytes(b"#!changed\n")
    assert image.key() != before
