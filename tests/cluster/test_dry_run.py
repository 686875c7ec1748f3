"""What is rendered, held against the real API server: taken without a warning, and stored as is.

Rule: the inputs are those of the golden files, so a new golden is a new case here.
"""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from kode.controllers.children import Children, key_of
from tests.cluster.api import Api, Object, path, words
from tests.cluster.place import Place
from tests.golden.cases import manifests

GOLDENS = Path(__file__).parents[1] / "golden" / "render"
CASES = sorted(GOLDENS.glob("*.in.yaml"))
CREATED = 201
UID = "00000000-0000-0000-0000-000000000000"
"""What stands for the uid of a Kode that is rendered from a file."""


def _placed(manifest: Object, namespace: str) -> Object:
    placed: dict[str, Any] = copy.deepcopy(manifest)
    placed["metadata"]["namespace"] = namespace
    return placed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.removesuffix(".in.yaml"))
def test_the_api_server_takes_every_manifest(case: Path, api: Api, place: Place) -> None:
    rendered = manifests(yaml.safe_load(case.read_text()))
    assert rendered
    for manifest in rendered:
        answer = api.http.post(
            path(manifest["kind"], place.namespace),
            json=_placed(manifest, place.namespace),
            params={"dryRun": "All", "fieldValidation": "Strict", "fieldManager": "kode"},
        )
        named = f"{manifest['kind']} {manifest['metadata']['name']}"
        assert answer.status_code == CREATED, f"{named}: {words(answer)}"
        assert "warning" not in answer.headers, f"{named}: {answer.headers['warning']}"
        stored = Children({key_of(manifest): answer.json()}, UID)
        assert stored.reconcile_child(_placed(manifest, place.namespace)) == [], (
            f"{named} is put right"
        )
