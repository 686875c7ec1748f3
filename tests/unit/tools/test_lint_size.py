"""tools.lint_size."""

import pytest

from tools import lint_size
from tools.source import GENERATED, Source


def messages(path: str, text: str) -> list[str]:
    return [str(finding) for finding in lint_size.findings(Source(path, text))]


def function(lines: int, decorators: str = "") -> str:
    return decorators + "def f():\n" + "    x = 1\n" * (lines - 1)


def test_file_of_400_lines_passes_and_401_fails() -> None:
    assert messages("a.py", "x = 1\n" * 400) == []
    assert messages("a.py", "x = 1\n" * 401) == ["a.py:401: 401 lines; at most 400 a file"]


def test_function_of_50_lines_passes_and_51_fails() -> None:
    assert messages("a.py", function(50)) == []
    assert messages("a.py", function(51)) == ["a.py:1: f has 51 lines; at most 50 a function"]


def test_decorators_count_as_lines_of_the_function() -> None:
    assert messages("a.py", function(50, "@d\n")) == [
        "a.py:1: f has 51 lines; at most 50 a function"
    ]


@pytest.mark.parametrize(
    "parameters",
    ["a, b, c, d, e, f, g", "a, /, b, *, c, d, e, f, g", "a, b, c, d, e, *f, **g"],
)
def test_seven_parameters_fail_in_any_form(parameters: str) -> None:
    assert messages("a.py", f"async def f({parameters}): ...\n") == [
        "a.py:1: f takes 7 parameters; at most 6"
    ]


def test_self_is_no_parameter() -> None:
    assert messages("a.py", "class A:\n    def f(self, a, b, c, d, e, g): ...\n") == []


def test_go_functions_end_where_gofmt_ends_them() -> None:
    body = "\tx := 1\n" * 49
    text = f"package p\n\nfunc (t *T) long() {{\n{body}}}\n\nfunc short() {{\n}}\n"
    assert messages("a.go", text) == ["a.go:3: (t *T) long() has 51 lines; at most 50 a function"]


def test_one_line_go_function_does_not_swallow_the_next() -> None:
    text = "package p\n\nfunc (t T) Len() int { return 0 }\n\n" + "// x\n" * 60 + "func g() {\n}\n"
    assert messages("a.go", text) == []


@pytest.mark.parametrize("path", ["Makefile", "images/x/Dockerfile", "x.sh", ".ci/run"])
def test_scripts_have_the_cap_on_files(path: str) -> None:
    assert len(messages(path, "\n" * 401)) == 1


def test_data_and_generated_files_have_no_cap() -> None:
    assert messages("a.yaml", "\n" * 401) == []
    assert messages("a.py", f"# {GENERATED}\n" + "\n" * 401) == []
