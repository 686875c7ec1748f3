"""The OCI layout keeps the blobs of the images it names, and no others."""

import hashlib
import json
from pathlib import Path

import pytest

from devcluster.images_layout import REFERENCE, Layout


def _blob(root: Path, content: str) -> str:
    value = hashlib.sha256(content.encode()).hexdigest()
    folder = root / "blobs" / "sha256"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / value).write_text(content)
    return f"sha256:{value}"


def _image(root: Path, name: str, layers: list[str]) -> dict[str, object]:
    manifest = {
        "config": {"digest": _blob(root, f"config of {name}")},
        "layers": [{"digest": _blob(root, layer)} for layer in layers],
    }
    return {"digest": _blob(root, json.dumps(manifest)), "annotations": {REFERENCE: name}}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    entries = [
        _image(tmp_path, "code-server-old", ["shared", "gone"]),
        _image(tmp_path, "code-server-new", ["shared", "fresh"]),
        _image(tmp_path, "envoy-1", ["envoy"]),
    ]
    (tmp_path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    return Layout(tmp_path)


def _contents(layout: Layout) -> set[str]:
    return {file.read_text() for file in (layout.path / "blobs" / "sha256").iterdir()}


def test_an_empty_directory_holds_nothing(tmp_path: Path) -> None:
    assert Layout(tmp_path).references() == {}


def test_an_older_key_goes_and_shared_layers_stay(layout: Layout) -> None:
    layout.retain({"code-server": "new", "envoy": None})
    assert set(layout.references()) == {"code-server-new", "envoy-1"}
    contents = _contents(layout)
    assert {"shared", "fresh", "envoy"} <= contents
    assert not {"gone", "config of code-server-old"} & contents


def test_an_image_that_is_no_longer_in_the_table_goes(layout: Layout) -> None:
    layout.retain({"code-server": None})
    assert set(layout.references()) == {"code-server-old", "code-server-new"}
    assert "envoy" not in _contents(layout)
