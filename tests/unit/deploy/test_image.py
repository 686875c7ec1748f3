"""The operator's image: a name that nobody can have until an administrator says whose it is."""

from typing import Any

import pytest
import yaml

from tools.source import ROOT

pytestmark = pytest.mark.attack


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / "deploy" / path).read_text())


def image() -> str:
    deployment = read("kustomize/deployment.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return str(container["image"])


def test_image_of_the_base_cannot_resolve() -> None:
    # RFC 6761: no name below .invalid ever resolves.
    registry, _, _ = image().partition("/")
    assert registry.endswith(".invalid")


def test_development_cluster_fills_it_in() -> None:
    (filled,) = read("dev/kustomization.yaml")["images"]
    assert filled["name"] == image().rpartition(":")[0]
    assert (filled["newName"], filled["newTag"]) == ("kode/operator", "dev")


def test_page_that_says_how_to_fill_it_in_names_it() -> None:
    page = (ROOT / "docs/how-to/install.md").read_text()
    assert f"name: {image().rpartition(':')[0]}" in page
    assert f"set image {image().rpartition(':')[0]}=" in page
