"""Run the stages of `make test`; say at the end how each went and how long.

    python -m tools.stages LANE ...

A lane is stages with commas between them, which run one after another; lanes run beside each
other, and one that begins with `@STAGE` waits until that stage of another lane has ended.
What a stage prints is kept in artifacts/STAGE.log and printed when it ends; meanwhile a line says
now and then how far it is.

Rule: each stage is a target that runs alone on an empty cache as well; a stage that fails stops no
other. What Go compiles is begun beside the first stages, at a lower priority: a stage that needs
it sooner waits for it, and whether it failed is told by the stage that needs it. What is
interrupted is ended with all that it started, and has time to clean up.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self

ARTIFACTS = Path("artifacts")
MAKE = ["make"]
# Not so low that it stands still beside the stages: one of them waits for it.
COMPILE = ["nice", "-n", "5", sys.executable, "-m", "devcluster", "build", "all"]
PROGRESS_INTERVAL = 30.0
MAX_PROGRESS_WIDTH = 80
_POLL_INTERVAL = 0.1
_END_TIMEOUT = 60.0


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


class Stage:
    """A stage that runs."""

    def __init__(self, name: str, folder: Path) -> None:
        """Start it."""
        for old in reports(name, folder):
            old.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self._folder = folder
        self._log = folder / f"{name}.log"
        print(f"== {name}: begins; its output: {self._log}", flush=True)
        self._started = time.monotonic()
        self.process = _start([*MAKE, name], self._log)

    def progress(self) -> str:
        """How long it runs, and the last line that it printed."""
        lines = self._read_output().split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        seconds = time.monotonic() - self._started
        return f"== {self.name}: {seconds:.0f} s so far  {last[-MAX_PROGRESS_WIDTH:]}".rstrip()

    def result(self) -> Result:
        """Print what it printed, and how it went; it has ended."""
        status, seconds = self.process.wait(), time.monotonic() - self._started
        self.show()
        print(f"== {self.name}: {seconds:.1f} s, {_outcome(status)}", flush=True)
        return Result(self.name, status, seconds, count(reports(self.name, self._folder)))

    def show(self) -> None:
        """Print what it has printed."""
        print(f"== {self.name}: output\n{self._read_output().rstrip()}", flush=True)

    def _read_output(self) -> str:
        return self._log.read_text(errors="replace")


@dataclass
class Lane:
    """Stages that run one after another.

    Attributes:
        names: of those that have not begun.
        now: the one that runs.
        after: the stage of another lane whose end it waits for; empty for none.
    """

    names: list[str]
    now: Stage | None = None
    after: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the lane that a command line asks for."""
        first, *others = text.split(",")
        if first.startswith("@"):
            return cls(others, after=first.removeprefix("@"))
        return cls([first, *others])

    def begin(self, folder: Path, ended: Collection[str]) -> None:
        """Begin what is next, where nothing runs."""
        if self.now is None and self.names and (not self.after or self.after in ended):
            self.now = Stage(self.names.pop(0), folder)

    def collect(self) -> list[Result]:
        """Return how the stage went, where it has ended."""
        if self.now is None or self.now.process.poll() is None:
            return []
        stage, self.now = self.now, None
        return [stage.result()]

    @property
    def over(self) -> bool:
        """Whether all has ended."""
        return self.now is None and not self.names


@dataclass
class Run:
    """Lanes beside each other.

    Attributes:
        folder: of logs and reports.
        results: of the stages that have ended, in that order.
    """

    folder: Path
    results: list[Result] = field(default_factory=list)

    def lanes(self, running: Sequence[Lane]) -> None:
        """Run lanes to their ends; where this is interrupted, so are they."""
        reported = time.monotonic()
        try:
            while not all(lane.over for lane in running):
                for lane in running:
                    lane.begin(self.folder, {result.stage for result in self.results})
                time.sleep(_POLL_INTERVAL)
                self._collect(running)
                if time.monotonic() - reported > PROGRESS_INTERVAL:
                    reported = time.monotonic()
                    for stage in _now(running):
                        print(stage.progress(), flush=True)
        except BaseException:
            self._collect(running)
            stages = _now(running)
            _end([stage.process for stage in stages])
            for stage in stages:
                stage.show()
            raise

    def _collect(self, lanes: Sequence[Lane]) -> None:
        for lane in lanes:
            self.results.extend(lane.collect())


def table(results: Sequence[Result], seconds: float, missing: int = 0) -> str:
    """What is said at the end: a line for each stage that ended, and one for all."""
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
    worst = _outcome(next((it.status for it in results if it.status), 0))
    outcome = f"INTERRUPTED, {missing} not done" if missing else worst
    rows.append(("all", f"{seconds:.1f}", *sums, outcome))
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
    process = _start(COMPILE, folder / "compile.log")
    try:
        yield
    finally:
        _end([process])


def _now(lanes: Sequence[Lane]) -> list[Stage]:
    """Return the stages that run."""
    return [lane.now for lane in lanes if lane.now]


def _start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program in a group of its own, which is ended as one."""
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End programs and what they started, in order; at once when this is interrupted again."""
    # To the whole group, as a terminal does: make and the shell only wait, pytest cleans up.
    running = [process for process in processes if process.poll() is None]
    for process in running:
        os.killpg(process.pid, signal.SIGINT)
    deadline = time.monotonic() + _END_TIMEOUT
    try:
        for process in running:
            process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        print("== what was interrupted does not end, and is killed", flush=True)
    finally:
        for process in running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _listen() -> None:
    """End in order when terminated or interrupted, or when the terminal goes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        # With nohup it outlives its terminal. What is started here has to hear of hang-ups even
        # so, as of interrupts, which a shell's background ignores: tests send them.
        deaf = signal.getsignal(number) is signal.SIG_IGN
        signal.signal(number, _ignore if deaf else _exit)


def _exit(number: int, _: object) -> None:
    sys.exit(128 + number)


def _ignore(*_: object) -> None:
    """Ignore a signal, but not for the programs started here."""


def _outcome(status: int) -> str:
    return "passed" if status == 0 else f"FAILED, exit status {status}"


def main(arguments: list[str]) -> int:
    """Run the stages; 0 when each of them passed."""
    description, _, _ = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(prog="python -m tools.stages", description=description)
    parser.add_argument("lanes", nargs="+", metavar="LANE", help="stages with commas between them")
    options = parser.parse_args(arguments)
    _listen()
    lanes = [Lane.parse(text) for text in options.lanes]
    order = [name for lane in lanes for name in lane.names]
    for lane in lanes:
        if lane.after and lane.after not in order:
            parser.error(f"@{lane.after}: no lane has this stage")
    started, run = time.monotonic(), Run(ARTIFACTS)
    try:
        with compiling(ARTIFACTS):
            run.lanes(lanes)
    finally:
        results = sorted(run.results, key=lambda result: order.index(result.stage))
        missing = len(order) - len(results)
        print(table(results, time.monotonic() - started, missing), flush=True)
    return 1 if any(result.status for result in run.results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
