"""Run the stages of `make test` one after another; say at the end how each went and how long.

Rule: each stage is a target that runs alone on an empty cache as well; a stage that fails stops no
other. What Go compiles is begun beside the first stages, which mostly wait, at the lowest priority:
a stage that needs it sooner waits for it, and whether it failed is told by the stage that needs it.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

ARTIFACTS = Path("artifacts")
MAKE = ["make"]
COMPILE = ["nice", "-n", "19", sys.executable, "-m", "devcluster", "build", "all"]
_END_TIMEOUT = 20.0


@dataclass(frozen=True)
class Counts:
    """How many tests of a stage ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Result:
    """How a stage went."""

    stage: str
    status: int
    seconds: float
    counts: Counts


def reports(stage: str, folder: Path) -> list[Path]:
    """The reports that a stage writes: `test-local` writes local.xml, `check` check-core.xml."""
    name = stage.removeprefix("test-")
    return sorted([*folder.glob(f"{name}.xml"), *folder.glob(f"{name}-*.xml")])


def count(paths: Sequence[Path]) -> Counts:
    """Add up JUnit reports."""
    suites = [suite for path in paths for suite in ET.parse(path).iter("testsuite")]  # noqa: S314 - ours

    def total(attribute: str) -> int:
        return sum(int(suite.get(attribute, 0)) for suite in suites)

    failed, skipped = total("failures") + total("errors"), total("skipped")
    return Counts(total("tests") - failed - skipped, failed, skipped)


def run(stage: str, folder: Path) -> Result:
    """Run one stage to its end."""
    for old in reports(stage, folder):
        old.unlink()
    print(f"== {stage}: begins", flush=True)
    started = time.monotonic()
    status = _run([*MAKE, stage])
    seconds = time.monotonic() - started
    print(f"== {stage}: {seconds:.1f} s, {_outcome(status)}", flush=True)
    return Result(stage, status, seconds, count(reports(stage, folder)))


def table(results: Sequence[Result], seconds: float) -> str:
    """What is said at the end: a line for each stage, and one for all."""
    names = [field.name for field in fields(Counts)]
    rows = [("stage", "seconds", *names, "")]
    rows += [
        (
            it.stage,
            f"{it.seconds:.1f}",
            *(str(getattr(it.counts, name)) for name in names),
            _outcome(it.status),
        )
        for it in results
    ]
    sums = (str(sum(getattr(it.counts, name) for it in results)) for name in names)
    worst = next((it.status for it in results if it.status), 0)
    rows.append(("all", f"{seconds:.1f}", *sums, _outcome(worst)))
    return "\n".join(
        f"== {name:<16}{' '.join(f'{cell:>8}' for cell in cells)}  {outcome}".rstrip()
        for name, *cells, outcome in rows
    )


@contextmanager
def compiling(folder: Path) -> Iterator[None]:
    """Compile what the clusters run while other things happen; end it with them."""
    if os.environ.get("KODE_TEST_CLUSTER") == "existing":
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "compile.log").open("w") as log:
        process = subprocess.Popen(COMPILE, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        _end(process)


def _run(command: list[str]) -> int:
    """Run a command to its end; where this is interrupted, so is that, with time to clean up."""
    process = subprocess.Popen(command)
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it started, which is its group, in order."""
    for how in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, how)
        try:
            process.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            continue


def _outcome(status: int) -> str:
    return "passed" if status == 0 else f"FAILED, exit status {status}"


def main(arguments: list[str]) -> int:
    """Run the stages; 0 when each of them passed."""
    parser = argparse.ArgumentParser(prog="python -m tools.stages", description=__doc__)
    parser.add_argument("stages", nargs="+", metavar="STAGE")
    options = parser.parse_args(arguments)
    # A terminated run ends what it started, like an interrupted one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    started = time.monotonic()
    results: list[Result] = []
    try:
        with compiling(ARTIFACTS):
            results.extend(run(stage, ARTIFACTS) for stage in options.stages)
    finally:
        print(table(results, time.monotonic() - started), flush=True)
    return 1 if any(result.status for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
