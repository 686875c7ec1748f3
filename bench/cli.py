"""How long a user waits for the command line itself.

Rule: a whole process each time, as a shell starts it; beside it what Python and typer alone take,
in turns, so that whatever else the machine does hits all of them alike.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.metrics import Metric, Report

ROUNDS = 15
GOAL = 300.0
KODES = 10
KODE = str(Path(sys.executable).with_name("kode"))
FLOORS = {
    "python": [sys.executable, "-c", "pass"],
    "typer": [sys.executable, "-c", "import typer"],
}
COMMANDS = {"kode --help": [KODE, "--help"], "kode list": [KODE, "list"]}
_DOCUMENT = """
apiVersion: kode.jacero.io/v1alpha1
kind: Kode
metadata: {{name: dev-{number}}}
spec:
  templateRef: {{kind: KodeClusterTemplate, name: none}}
---"""


def main() -> None:
    """Measure on an empty platform of its own, and tell."""
    report = Report("cli")
    with tempfile.TemporaryDirectory(prefix="kode-") as home:
        environment = {**os.environ, "KODE_HOME": home}
        for name in ("KODE_CONTEXT", "KODE_NAMESPACE", "KUBECONFIG"):
            environment.pop(name, None)
        _fill(environment)
        times = _measure(FLOORS | COMMANDS, environment)
    for name in FLOORS:
        report.tell(Metric(f"cli floor: {name}", times[name], "ms"))
    for name in COMMANDS:
        report.tell(Metric(f"cli: {name}", times[name], "ms", floor=times["typer"], goal=GOAL))


def _fill(environment: dict[str, str]) -> None:
    documents = "".join(_DOCUMENT.format(number=number) for number in range(KODES))
    command = [KODE, "apply", "-f", "-"]
    subprocess.run(
        command, env=environment, input=documents, text=True, check=True, stdout=subprocess.DEVNULL
    )


def _measure(
    commands: Mapping[str, Sequence[str]], environment: dict[str, str]
) -> dict[str, float]:
    """Return the median of each, in milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            since = time.perf_counter()
            subprocess.run(command, env=environment, check=True, capture_output=True)
            times[name].append((time.perf_counter() - since) * 1000)
    return {name: statistics.median(durations) for name, durations in times.items()}


if __name__ == "__main__":
    main()
