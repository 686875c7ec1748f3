"""An OCI image layout on disk: the finished, compressed images, sharing their layers.

The rule: a reference in the index is the only reason for a blob to be kept.
"""

import json
from pathlib import Path
from typing import Any

REFERENCE = "org.opencontainers.image.ref.name"


class Layout:
    """A directory with `index.json` and `blobs/sha256/`, as the OCI image layout says."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def references(self) -> dict[str, str]:
        """Reference -> manifest digest (`sha256:...`) of every image held."""
        return {
            entry["annotations"][REFERENCE]: entry["digest"]
            for entry in self._index()["manifests"]
            if REFERENCE in entry.get("annotations", {})
        }

    def retain(self, keys: dict[str, str | None]) -> None:
        """Keeps `NAME-KEY` for every name, whatever its key where that is None; drops the rest."""
        index = self._index()
        kept = [entry for entry in index["manifests"] if _is_needed(entry, keys)]
        if len(kept) == len(index["manifests"]):
            return
        index["manifests"] = kept
        self._write_index(index)
        reachable = set()
        for entry in kept:
            reachable.update(self._blobs_of(entry["digest"]))
        for blob in (self.path / "blobs" / "sha256").iterdir():
            if f"sha256:{blob.name}" not in reachable:
                blob.unlink()

    def _index(self) -> dict[str, Any]:
        file = self.path / "index.json"
        if not file.exists():
            return {"schemaVersion": 2, "manifests": []}
        index: dict[str, Any] = json.loads(file.read_text())
        return index

    def _write_index(self, index: dict[str, Any]) -> None:
        fresh = self.path / "index.json.new"
        fresh.write_text(json.dumps(index))
        fresh.rename(self.path / "index.json")

    def _blobs_of(self, digest: str) -> set[str]:
        algorithm, _, value = digest.partition(":")
        manifest = json.loads((self.path / "blobs" / algorithm / value).read_text())
        return {
            digest,
            manifest["config"]["digest"],
            *(layer["digest"] for layer in manifest["layers"]),
        }


def _is_needed(entry: dict[str, Any], keys: dict[str, str | None]) -> bool:
    name, _, key = entry.get("annotations", {}).get(REFERENCE, "").rpartition("-")
    return name in keys and keys[name] in {None, key}
