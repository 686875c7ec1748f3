"""kode.api.kode: what is permitted; what is refused is in test_document.py."""

from typing import Any

import pytest

from tests.documents import kode


@pytest.mark.parametrize(
    "spec",
    [
        {"user": "dev.user+test@example.org"},
        {"password": "päss wörd: $(X) 'quoted' \u2028"},
        {"existingSecret": "login", "user": "dev"},
        {"home": "/home/myuser", "workspace": "src/app"},
        {"storage": {"existingVolumeClaim": "files", "keepVolume": False}},
        {"storage": {"resources": {"requests": {"storage": 5}}}},
        {"privileged": True, "suspend": True},
    ],
)
def test_spec_is_valid(spec: dict[str, Any]) -> None:
    kode(**spec)


def test_files_outlive_their_kode_unless_said_otherwise() -> None:
    storage = kode(storage={}).spec.storage
    assert storage is not None
    assert storage.keep_volume
