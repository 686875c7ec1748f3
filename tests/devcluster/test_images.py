"""The table of test images: what it names, and when an image counts as changed."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from devcluster import images
from devcluster.errors import DevclusterError
from devcluster.images import IMAGES, Image, drop_stale, image_keys, pushed_tags, with_needs

FROM = re.compile(r"^FROM (\S+)(?: AS (\S+))?", re.MULTILINE)


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_a_dockerfile_starts_only_from_what_its_image_needs(image: Image) -> None:
    dockerfile = (images.REPOSITORY / "images" / image.name / "Dockerfile").read_text()
    stages = {stage for _, stage in FROM.findall(dockerfile)}
    starts = {start for start, _ in FROM.findall(dockerfile)} - stages - {"scratch"}
    tags = {one.name: one.tags[0] for one in IMAGES}
    assert starts == {tags[need] for need in image.needs}


def test_the_table_is_in_build_order_and_names_each_thing_once() -> None:
    seen: set[str] = set()
    for image in IMAGES:
        assert seen.issuperset(image.needs)
        assert image.name not in seen
        seen.add(image.name)
    tags = [tag for image in IMAGES for tag in image.tags]
    assert len(tags) == len(set(tags))


def test_every_image_folder_is_in_the_table() -> None:
    folders = {path.name for path in (images.REPOSITORY / "images").iterdir() if path.is_dir()}
    assert folders == {image.name for image in IMAGES}


def test_named_images_come_with_what_they_start_from() -> None:
    assert [one.name for one in with_needs(["code-server"])] == ["debian", "editor", "code-server"]


def test_an_unknown_image_is_refused_by_name() -> None:
    with pytest.raises(DevclusterError, match="no such image: jupiter; there are: debian, editor"):
        with_needs(["tools", "jupiter"])


def test_only_finished_images_are_pushed_under_every_name() -> None:
    tags = pushed_tags({"editor": "sha256:1", "envoy": "sha256:2"})
    assert tags == {
        "docker.io/envoyproxy/envoy:v1.30-latest": "sha256:2",
        "docker.io/envoyproxy/envoy:v1.40-latest": "sha256:2",
    }


@dataclass
class _Node:
    """A cluster whose `ctr` is a script: it lists two images and notes what it is told."""

    tools: Path

    def exec_prefix(self, *, whole: bool = False) -> list[str]:
        assert whole
        return []

    def exec_environment(self) -> dict[str, str]:
        return {"PATH": f"{self.tools}:{os.environ['PATH']}"}

    def host_environment(self) -> dict[str, str]:
        raise AssertionError

    def kubeconfig(self, *, on_host: bool) -> Path:
        raise AssertionError(on_host)


def test_a_node_loses_only_its_older_copies(tmp_path: Path) -> None:
    ctr = tmp_path / "ctr"
    listing = "REF TYPE DIGEST\nkode/a:1 manifest sha256:old\nkode/b:1 manifest sha256:same\n"
    ctr.write_text(f"#!/bin/sh\nprintf '{listing}'\necho \"$@\" >>{tmp_path}/told\n")
    ctr.chmod(0o755)
    wanted = {"kode/a:1": "sha256:new", "kode/b:1": "sha256:same", "kode/c:1": "sha256:other"}
    drop_stale(wanted, _Node(tmp_path))
    assert (tmp_path / "told").read_text().splitlines() == [
        "--namespace k8s.io images ls",
        "--namespace k8s.io images rm kode/a:1",
    ]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Image, ...]:
    for name in ("debian", "child", "other"):
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "source").write_text("one")
    monkeypatch.setattr(images, "REPOSITORY", tmp_path)
    return (
        Image("debian", ("debian:1",)),
        Image("child", ("child:1",), needs=("debian",), inputs=("source",)),
        Image("other", ("other:1",)),
    )


def _changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_a_change_below_changes_what_is_built_on_it(
    table: tuple[Image, ...], tmp_path: Path
) -> None:
    before = image_keys(table, None)
    (tmp_path / "images/debian/Dockerfile").write_text("FROM scratch\nRUN true\n")
    assert _changed(before, image_keys(table, None)) == {"debian", "child"}


def test_an_input_outside_the_folder_counts(table: tuple[Image, ...], tmp_path: Path) -> None:
    before = image_keys(table, None)
    (tmp_path / "source").write_text("two")
    assert _changed(before, image_keys(table, None)) == {"child"}


def test_a_mode_counts_and_compiled_python_does_not(
    table: tuple[Image, ...], tmp_path: Path
) -> None:
    before = image_keys(table, None)
    compiled = tmp_path / "images/other/__pycache__"
    compiled.mkdir()
    (compiled / "a.pyc").write_text("compiled")
    assert image_keys(table, None) == before
    (tmp_path / "images/other/Dockerfile").chmod(0o755)
    assert _changed(before, image_keys(table, None)) == {"other"}


def test_another_base_changes_all_that_stand_on_it(table: tuple[Image, ...]) -> None:
    assert _changed(image_keys(table, None), image_keys(table, "debian:2")) == {"debian", "child"}
