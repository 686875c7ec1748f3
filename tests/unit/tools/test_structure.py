"""The figures of the house, on a small one."""

from pathlib import Path

import pytest

from tools.structure import findings, measure, table

SMALL = {
    "pkg/__init__.py": '"""Said."""\n',
    "pkg/a.py": "from pkg import b\n\n\nclass Key:\n    pass\n",
    "pkg/b.py": "def late():\n    from pkg.sub.c import f\n\n    return f\n",
    "pkg/sub/__init__.py": "",
    "pkg/sub/c.py": "import pkg.a\n\n\nclass Key:\n    pass\n\n\nclass _Own:\n    pass\n",
    "pkg/sub/d.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg.sub import e\n\n\n"
        "class _Own:\n    pass\n"
    ),
    "pkg/sub/e.py": "from pkg.sub.d import TYPE_CHECKING\n",
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    for name, text in SMALL.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_circle_is_seen_through_functions_and_types_alone_make_none(small: Path) -> None:
    assert measure(small).circles == (("pkg.a", "pkg.b", "pkg.sub.c"),)


def test_a_class_name_of_two_modules_is_named_unless_it_is_private(small: Path) -> None:
    assert measure(small).duplicates == {"Key": ("pkg.a", "pkg.sub.c")}


def test_what_lies_at_the_root_of_a_package_is_counted(small: Path) -> None:
    figures = measure(small)
    assert (figures.files, figures.roots) == (7, {"pkg": 2, "pkg.sub": 3})
    assert figures.lines == sum(len(text.splitlines()) for text in SMALL.values())
    assert "import circles: 1\n  pkg.a <-> pkg.b <-> pkg.sub.c" in table(figures)


def test_a_circle_is_a_finding_of_the_walls(small: Path) -> None:
    (finding,) = findings(small)
    assert finding.path == str(small / "pkg" / "a.py")
    assert finding.message == "import circle: pkg.a <-> pkg.b <-> pkg.sub.c"


def test_the_product_has_no_circle() -> None:
    assert list(findings()) == []
