"""Copies images of an OCI layout to a registry that only the cluster's namespaces can reach.

Run as a program of its own inside them, with the work as JSON on standard input. The rule: what the
registry has already is never sent, so a second run is one question per tag. It uses the
distribution API's smallest part: HEAD, POST and PUT of blobs, HEAD and PUT of manifests.
"""

import json
import sys
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

SECONDS = 120
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Registry:
    """One kept connection to a registry that speaks plain HTTP on loopback."""

    def __init__(self, address: str) -> None:
        self.connection = HTTPConnection(address, timeout=SECONDS)

    def has_manifest(self, repository: str, tag: str, digest: str) -> bool:
        """Whether the tag means just this manifest."""
        path = f"/v2/{repository}/manifests/{tag}"
        response = self._call("HEAD", path, headers={"Accept": MANIFEST})
        return response.getheader("Docker-Content-Digest") == digest

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the repository holds the blob."""
        return self._call("HEAD", f"/v2/{repository}/blobs/{digest}").status == HTTPStatus.OK

    def put_blob(self, repository: str, digest: str, file: BinaryIO, size: int) -> None:
        """Uploads a blob in one piece."""
        started = self._call("POST", f"/v2/{repository}/blobs/uploads/")
        target = started.getheader("Location") or ""
        _expect(started, HTTPStatus.ACCEPTED)
        address = f"//{self.connection.host}:{self.connection.port}"
        path = target.removeprefix("http:").removeprefix(address)
        path += ("&" if "?" in path else "?") + f"digest={quote(digest)}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        _expect(self._call("PUT", path, file, headers), HTTPStatus.CREATED)

    def put_manifest(self, repository: str, tag: str, content: bytes) -> None:
        """Points the tag at a manifest whose blobs are all there."""
        path = f"/v2/{repository}/manifests/{tag}"
        _expect(self._call("PUT", path, content, {"Content-Type": MANIFEST}), HTTPStatus.CREATED)

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO | None = None,
        headers: dict[str, str] | None = None,
    ) -> HTTPResponse:
        self.connection.request(method, path, body, headers or {})
        response = self.connection.getresponse()
        response.read()
        return response


def _expect(response: HTTPResponse, status: HTTPStatus) -> None:
    if response.status != status:
        raise OSError(
            f"the registry answered {response.status} {response.reason}, not {status.value}"
        )


def push(registry: Registry, blobs: Path, image: dict[str, str]) -> int | None:
    """Copies one tag's manifest and what it names; bytes sent, or None where it was there."""
    repository, tag, digest = image["repository"], image["tag"], image["digest"]
    if registry.has_manifest(repository, tag, digest):
        return None
    content = _blob(blobs, digest).read_bytes()
    manifest: dict[str, Any] = json.loads(content)
    sent = 0
    for blob in (manifest["config"], *manifest["layers"]):
        if registry.has_blob(repository, blob["digest"]):
            continue
        with _blob(blobs, blob["digest"]).open("rb") as file:
            registry.put_blob(repository, blob["digest"], file, blob["size"])
        sent += blob["size"]
    registry.put_manifest(repository, tag, content)
    return sent


def _blob(blobs: Path, digest: str) -> Path:
    return blobs / digest.replace(":", "/")


def main() -> int:
    """Reads {layout, registry, images: [{repository, tag, digest}]} and pushes what is missing."""
    work = json.load(sys.stdin)
    registry = Registry(work["registry"])
    try:
        with closing(registry.connection):
            for image in work["images"]:
                sent = push(registry, Path(work["layout"]) / "blobs", image)
                if sent is not None:
                    size = f"{sent / 1e6:.0f} MB"
                    print(f"pushed {image['repository']}:{image['tag']} ({size})", flush=True)
    except OSError as error:
        print(f"registry at {work['registry']}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
