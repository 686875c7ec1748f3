"""tools.words."""

import pytest

from tools.source import Source
from tools.words import findings


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
