"""Golden files: `<package>/<claim>.in.yaml` is an input, `.out.yaml` what comes of it.

Rule: a file's name is its claim, one a file, with the least input that shows it. Adding a case is
adding a file; `make golden` writes its other half, to be read before it is committed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from kode.cli.yaml import PlainDumper
from tests.golden import cases

pytestmark = pytest.mark.attack

ROOT = Path(__file__).parent
EXAMPLES = ROOT.parent.parent / "examples"
PACKAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "render": cases.render,
    "gateway": cases.gateway,
    "evaluate": cases.evaluate,
    "decide": cases.decide,
    "local": cases.local,
}
INPUTS = sorted(ROOT.glob("*/*.in.yaml"))


def compare(out: Path, text: str, *, update: bool) -> None:
    if update:
        out.parent.mkdir(exist_ok=True)
        out.write_text(text, encoding="utf-8")
    assert out.exists(), f"{out.name} is missing: run `make golden`"
    assert text == out.read_text(encoding="utf-8"), "run `make golden` and read the diff"


def dumped(value: Any) -> str:
    return yaml.dump(value, Dumper=PlainDumper, sort_keys=False, width=100, allow_unicode=True)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.stem[:-3]}")
def test_golden(path: Path, *, update: bool) -> None:
    given = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    found = PACKAGES[path.parent.name](given)
    compare(path.with_name(path.name.replace(".in.", ".out.")), dumped(found), update=update)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_example(path: Path, *, update: bool) -> None:
    compare(ROOT / "examples" / f"{path.stem}.out.yaml", dumped(cases.example(path)), update=update)


def test_no_output_is_left_of_a_case_that_is_gone() -> None:
    outputs = set(ROOT.glob("*/*.out.yaml"))
    inputs = {path.with_name(path.name.replace(".in.", ".out.")) for path in INPUTS}
    examples = {ROOT / "examples" / f"{path.stem}.out.yaml" for path in EXAMPLES.glob("*.yaml")}
    assert outputs - inputs - examples == set()


def test_unknown_key_of_an_input_is_refused() -> None:
    for package in PACKAGES.values():
        with pytest.raises(ValueError, match="no_such_key"):
            package({"no_such_key": 1})
