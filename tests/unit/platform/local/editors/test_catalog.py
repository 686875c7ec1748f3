"""kode.platform.local.editors.catalog and its lock files."""

import json
import re

import pytest

from kode.errors import RefNotFound
from kode.platform.local.editors.catalog import CODE_SERVER, JUPYTERLAB, LOCKS, RELEASES, release


def test_versions_are_those_of_the_locks() -> None:
    lock = json.loads((LOCKS / "package-lock.json").read_text(encoding="utf-8"))
    package = lock["packages"]["node_modules/code-server"]
    assert package["version"] == release(CODE_SERVER).version
    wanted = f"jupyterlab=={release(JUPYTERLAB).version} "
    assert f"\n{wanted}" in (LOCKS / "jupyterlab.txt").read_text(encoding="utf-8")


def test_every_package_of_npm_has_a_hash_and_no_address() -> None:
    text = (LOCKS / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert all(item.get("integrity") for path, item in packages.items() if path)
    assert '"resolved"' not in text


@pytest.mark.parametrize("name", ["node.txt", "jupyterlab.txt"])
def test_every_package_of_pypi_has_a_hash_and_no_address(name: str) -> None:
    text = (LOCKS / name).read_text(encoding="utf-8").replace("\\\n", "")
    for line in filter(None, text.splitlines()):
        assert re.match(r"[a-z0-9-]+==[^ ]+ .*--hash=sha256:[0-9a-f]{64}", line), line
    assert "://" not in text


def test_what_the_image_has_is_what_is_installed_here() -> None:
    image = LOCKS.parents[5] / "images" / "editor"
    for ours, theirs in (
        ("package.json", "package.json"),
        ("package-lock.json", "package-lock.json"),
        ("node.txt", "requirements.txt"),
    ):
        assert (LOCKS / ours).read_bytes() == (image / theirs).read_bytes()


def test_folder_is_named_for_all_that_it_is_made_from() -> None:
    names = [item.folder for item in RELEASES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z-]+-[0-9.]+-[0-9a-f]{12}", name) for name in names)
    assert release(CODE_SERVER).folder == release(CODE_SERVER).folder


def test_what_there_is_not_is_refused_with_what_there_is() -> None:
    with pytest.raises(RefNotFound, match="code-server, jupyterlab"):
        release("emacs")
