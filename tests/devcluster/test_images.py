"""The table of test images: what it names, and when an image counts as changed."""

import re
from pathlib import Path

import pytest

from devcluster import images
from devcluster.errors import DevclusterError
from devcluster.images import IMAGES, Image, image_keys, with_needs

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
