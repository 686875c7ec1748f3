"""The Makefile: its parts of the tests make the whole, and each stage stands by itself."""

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from devcluster import build, components
from tools.source import ROOT

_HERE = "not cluster and not browser"
# Only what imports Hypothesis can be marked as its own.
_SEARCHED = r"hypothesis|mark\.untraced"
_MARK = "pytest.mark." + "attack"


def recipe(*targets: str) -> list[list[str]]:
    """Return the commands of targets, in words, without what leads to them."""
    # Not what the make that runs this test was told.
    told = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHON", "CLUSTER"}
    done = subprocess.run(
        ["make", "--dry-run", "--silent", *targets],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in told},
        capture_output=True,
        text=True,
        check=True,
    )
    return [shlex.split(line) for line in done.stdout.replace("\\\n", " ").splitlines()]


def pytest_arguments(target: str) -> list[str]:
    """Return what a target gives to pytest."""
    (found,) = (words for words in recipe(target) if ".venv/bin/pytest" in words)
    return found[found.index(".venv/bin/pytest") + 1 :]


def paths(arguments: list[str]) -> list[str]:
    """Return the paths that pytest looks into."""
    return [word for word in arguments if word.startswith("tests/")]


def test_every_unit_test_is_in_one_part_and_in_no_other() -> None:
    core, search, envoy, rest = map(
        pytest_arguments, ("unit-core", "unit-search", "unit-envoy", "unit-rest")
    )
    marks = [words[words.index("-m") + 1] for words in (core, search, envoy, rest)]
    assert marks == [
        f"not (hypothesis or untraced) and {_HERE}",
        f"(hypothesis or untraced) and {_HERE}",
        f"not (hypothesis or untraced) and {_HERE}",
        f"not (hypothesis or untraced) and {_HERE}",
    ]
    left_out = [word.removeprefix("--ignore=") for word in rest if word.startswith("--ignore=")]
    assert left_out == paths(core)
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    everything = config["tool"]["pytest"]["ini_options"]["testpaths"]
    assert sorted(["tests/golden", *paths(envoy), *paths(rest)]) == sorted(everything)
    assert "tests/golden" in paths(core)
    files = {str(file.relative_to(ROOT)) for file in _files(everything, _SEARCHED)}
    assert files == {*paths(search)}


def _files(folders: list[str], words: str) -> set[Path]:
    """Return the files of tests that hold one of the words."""
    tests = [file for folder in folders for file in (ROOT / folder).rglob("test_*.py")]
    return {file for file in tests if re.search(words, file.read_text())}


def test_the_core_is_held_to_its_coverage() -> None:
    assert "--cov" in pytest_arguments("unit-core")


def stages() -> list[str]:
    """Return the stages of `make test`."""
    return [stage for lane in lanes_of_test() for stage in lane if not stage.startswith("@")]


def lanes_of_test() -> list[list[str]]:
    """Return the lanes of `make test`."""
    command = recipe("test")[-1]
    return [lane.split(",") for lane in command[command.index("tools.stages") + 1 :]]


def test_every_target_that_tests_is_a_stage() -> None:
    text = (ROOT / "Makefile").read_text()
    assert set(re.findall(r"^(test-[a-z]+):", text, re.MULTILINE)) == set(stages()) - {"check"}
    assert stages()[0] == "check"


def test_clusters_come_after_the_tests_that_take_clusters_down_and_only_one_is_real() -> None:
    starting = {"test-devcluster", "test-faults", "test-cluster"}
    assert [lane for lane in lanes_of_test() if starting & {*lane}] == [
        ["test-devcluster", "test-cluster"],
        ["@test-devcluster", "test-faults"],
    ]
    assert "--mode fake" in (ROOT / "Makefile").read_text().partition("test-faults:")[2][:300]


def test_what_every_lane_needs_is_there_before_they_begin() -> None:
    packages, environment, _ = recipe("test")
    assert packages == recipe("deps")[0]
    assert environment == recipe("venv")[0]


@pytest.mark.parametrize("stage", stages()[1:])
def test_a_stage_brings_what_it_needs_and_tells_its_time(stage: str) -> None:
    packages, environment, *commands = recipe(stage)
    assert packages[:4] == ["python3", "-m", "tools.deps", "requirements/apt.txt"]
    assert stage == "test-local" or packages[4:] == ["devcluster/packages.txt"]
    assert environment == ["python3", "-m", "tools.venv", "dev"]
    for words in commands:
        assert re.fullmatch(rf"TIMEFORMAT=== {stage}(, [A-Za-z ]+)?: %1R s;", words[0])
        assert words[1] == "time"
    titles = [words[0] for words in commands]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("stage", stages()[1:])
def test_a_stage_writes_the_report_that_is_named_after_it(stage: str) -> None:
    reports = [word for words in recipe(stage) for word in words if word.startswith("--junit-xml=")]
    assert reports == [f"--junit-xml=artifacts/{stage.removeprefix('test-')}.xml"]


def test_what_only_the_tests_of_the_development_cluster_add_is_built_there() -> None:
    building = [
        stage
        for stage in stages()[1:]
        if any(words[-4:] == ["-m", "devcluster", "build", "all"] for words in recipe(stage))
    ]
    assert building == ["test-devcluster"]


def test_every_attack_is_in_a_stage_and_runs_by_itself() -> None:
    packages, environment, command = recipe("attack")
    assert packages[-1] == "requirements/apt.txt"
    assert environment == ["python3", "-m", "tools.venv", "dev"]
    arguments = pytest_arguments("attack")
    assert arguments[arguments.index("-m") + 1] == "attack and not cluster"
    stages_of_tests = {"tests/golden"}
    for stage in ("unit-rest", "unit-envoy", "test-local"):
        stages_of_tests |= {*paths(pytest_arguments(stage))}
    assert set(paths(arguments)) <= stages_of_tests
    assert command[0] == "TIMEFORMAT=== attack: %1R s;"
    # Those of a cluster run with test-cluster.
    cluster = ROOT / "tests" / "cluster"
    marked = {
        path
        for path in ROOT.glob("tests/**/test_*.py")
        if _MARK in path.read_text() and not path.is_relative_to(cluster)
    }
    folders = [ROOT / path for path in paths(arguments)]
    assert marked
    assert {it for it in marked if not any(it.is_relative_to(path) for path in folders)} == set()


def test_go_tests_share_what_the_components_compile() -> None:
    flags = re.search(r"^GO_FLAGS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert flags
    built = " ".join(build.command(components.ADDONS, Path("/x")))
    assert set(flags[1].split()) <= set(built.split())
