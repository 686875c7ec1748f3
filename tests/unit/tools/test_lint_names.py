"""tools.lint_names."""

import pytest

from tools.lint_names import ALLOWED, findings, habits, package
from tools.source import Source


@pytest.mark.parametrize("name", ["ensure_volume", "_handle", "__process", "do_it", "do"])
def test_vague_verb_is_a_finding(name: str) -> None:
    found = list(findings(Source("src/kode/a.py", f"class A:\n    async def {name}(self): ...\n")))
    assert [finding.line for finding in found] == [2]


@pytest.mark.parametrize("name", ["render", "processes", "domain", "manager_of", "do_GET"])
def test_other_names_pass(name: str) -> None:
    assert not list(findings(Source("src/kode/a.py", f"def {name}(): ...\n")))


def test_name_of_a_property_is_a_noun() -> None:
    text = "class A:\n    @property\n    def process(self): ...\n"
    assert not list(findings(Source("src/kode/a.py", text)))


@pytest.mark.parametrize("path", ["src/kode/utils.py", "tests/common/test_x.py", "a/helpers.py"])
def test_module_named_for_being_useful_is_a_finding(path: str) -> None:
    assert len(list(findings(Source(path, "")))) == 1


def test_images_may_have_a_folder_of_that_name() -> None:
    assert not list(findings(Source("images/base/Dockerfile", "")))


def messages(text: str, path: str = "src/kode/a/b.py", allowed: str = "") -> list[str]:
    tree = {path: Source(path, text), ALLOWED: Source(ALLOWED, allowed)}
    return [finding.message.partition(":")[0] for finding in habits(tree)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("def placed(): ...", "placed"),
        ("class A:\n    async def _told(self): ...", "_told"),
        ("def read(found): ...", "found"),
        ("def read(*, said=1): ...", "said"),
        ("_LONGEST_NAME = 1", "_LONGEST_NAME"),
        ("MOST: int = 1", "MOST"),
        ("_STARTS_WITHIN = 1.0", "_STARTS_WITHIN"),
        ("_PATIENCE, _X = 1.0, 2.0", "_PATIENCE"),
        ("LOOK_AGAIN = 1.0", "LOOK_AGAIN"),
    ],
)
def test_a_name_of_a_banned_habit_is_a_finding(text: str, name: str) -> None:
    assert messages(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "def place(pod): ...",
        "found = 1",
        "ALMOST_ALL = 1",
        "MAX_NAME = 1",
        "class A:\n    @property\n    def kept(self): ...",
        "x = MOST_OF_ANOTHER_MODULE",
    ],
)
def test_other_names_are_none(text: str) -> None:
    assert messages(text) == []


def test_names_in_tests_are_not_looked_at() -> None:
    assert messages("def told(found): ...", "tests/unit/test_a.py") == []


def test_a_name_on_the_list_is_allowed_in_its_package_only() -> None:
    allowed = "# why\nsrc/kode/a told\n"
    assert messages("def told(): ...", "src/kode/a/moved.py", allowed) == []
    assert messages("def told(): ...", "src/kode/c/b.py", allowed) == ["told", "src/kode/a told"]


def test_an_entry_whose_name_is_gone_is_a_finding() -> None:
    assert messages("def tell(): ...", allowed="src/kode/a told\n") == ["src/kode/a told"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/kode/names.py", "src/kode"),
        ("src/kode/controllers/cache/store.py", "src/kode/controllers"),
        ("src/kode/platform/local/store/store.py", "src/kode/platform/local"),
        ("tools/source.py", "tools"),
    ],
)
def test_entries_are_by_package(path: str, name: str) -> None:
    assert package(path) == name
