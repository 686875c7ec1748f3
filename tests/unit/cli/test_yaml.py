"""kode.cli.yaml."""

from pathlib import Path
from typing import Any

import pytest

from kode.api.conditions import Reason
from kode.cli.yaml import read, write
from kode.errors import InvalidSpec

pytestmark = pytest.mark.attack

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcde", "bcdef", strict=True)
)


def documents(tmp_path: Path, text: str | bytes) -> list[dict[str, Any]]:
    path = tmp_path / "x.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(path))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("---\n---\n# nothing\n", []),
        ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ('{"a": {"b": [1, null, true]}}', [{"a": {"b": [1, None, True]}}]),
        ("kind: List\nitems: [{a: 1}, {b: 2}, null]\n", [{"a": 1}, {"b": 2}]),
        ("kind: List\n", []),
        ("a: 12:30\n", [{"a": "12:30"}]),
        ("a: 2026-01-01\n", [{"a": "2026-01-01"}]),
        ("a: 1.5\nb: 0x10\nc: 017\nd: -7\n", [{"a": 1.5, "b": 16, "c": 15, "d": -7}]),
        (
            "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n",
            [{"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}],
        ),
        ("\ufeffa: 1\n", [{"a": 1}]),
        ("a: åäö 💥\n", [{"a": "åäö 💥"}]),
    ],
)
def test_yaml_is_read_as_kubernetes_reads_it(
    tmp_path: Path, text: str, found: list[dict[str, Any]]
) -> None:
    assert documents(tmp_path, text) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n", ": a document is str, not an object"),
        ("- a\n", ": a document is list, not an object"),
        ("kind: List\nitems: [1]\n", ": a document is int, not an object"),
        ("a:\n\t- b\n", ", line 2, column 1: found character '\\t' that cannot start any token"),
        ("a: 1\na: 2\n", ", line 2, column 1: duplicate key a"),
        ("1: a\n", ", line 1, column 1: key 1 is not a string"),
        ("? [a]\n: b\n", ", line 1, column 3: key ['a'] is not a string"),
        ("a: [\n", ", line 2, column 1: expected the node content, but found '<stream end>'"),
        ("a: *b\n", ", line 1, column 4: found undefined alias 'b'"),
        ("a: &a [*a]\n", ", line 1, column 4: the value contains itself"),
        ("a: !!python/object:os.system x\n", ", line 1, column 4: could not determine a constru"),
        (BOMB, ", line 1, column 1: more than 200000 values, with aliases expanded"),
        ('a: "\\ud800"\n', ", line 1, column 4: invalid Unicode: an unpaired surrogate"),
        (b"a: \xff\n", ": not UTF-8"),
        ("a: 1\n".encode("utf-16"), ": not UTF-8"),
        (b"a: \x00\n", ": unacceptable character #x0000"),
        ("[" * 600, ": nested too deeply"),
        ("a" * (10 * 2**20 + 1), ": larger than 10 MiB"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(InvalidSpec) as caught:
        documents(tmp_path, text)
    assert caught.value.reason is Reason.INVALID_SPEC
    assert str(caught.value).startswith(f"{tmp_path}/x.yaml{message}")


@pytest.mark.parametrize(
    ("name", "message"), [("none.yaml", "No such file or directory"), ("", "Is a directory")]
)
def test_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        list(read(tmp_path / name))
    assert str(caught.value) == f"{tmp_path / name}: {message}"


def test_endless_file_is_read_no_further_than_needed() -> None:
    with pytest.raises(InvalidSpec, match="larger than 10 MiB"):
        list(read(Path("/dev/zero")))


def test_what_is_written_stands_wherever_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    shared = {"a": "å"}
    write([{"one": shared, "two": shared}, shared])
    assert capsys.readouterr().out == "---\none:\n  a: å\ntwo:\n  a: å\n---\na: å\n"
