"""Run a command on a cluster: one that is up already, or one that lives as long as the command.

Rule: what this started it stops, also on an error or an interrupt; what it found running it leaves
running. With KODE_TEST_CLUSTER=existing devcluster answers for the cluster that KUBECONFIG names.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

END_TIMEOUT = 30.0
DEVCLUSTER = [sys.executable, "-m", "devcluster"]


@dataclass(frozen=True)
class Target:
    """The cluster to run on. Fake nodes live beside the real one of a name, never in it."""

    name: str
    mode: str
    label: str = ""
    """Stands before the title of each stage in what is printed."""

    def word(self, word: str, *arguments: str) -> list[str]:
        """The command line of devcluster that says a word about this cluster."""
        name = self.name if self.mode == "full" else f"{self.name}-{self.mode}"
        return [*DEVCLUSTER, word, "--name", name, *arguments]


def stage(label: str, title: str, command: list[str]) -> int:
    """Run one stage to its end, print the seconds that it took; its exit status."""
    started = time.monotonic()
    status = _wait(subprocess.Popen(command))
    outcome = "" if status == 0 else f", exit status {status}"
    title = f"{label}, {title}" if label else title
    print(f"== {title}: {time.monotonic() - started:.1f} s{outcome}", flush=True)
    return status


def _wait(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a command; one that is interrupted has time to take away what it made."""
    try:
        return process.wait()
    except BaseException as error:
        # An interrupt reaches the whole group; told twice, pytest would leave things behind.
        if not isinstance(error, KeyboardInterrupt):
            process.send_signal(signal.SIGINT)
        try:
            process.wait(END_TIMEOUT)
        finally:
            process.kill()
            process.wait()
        raise


@contextmanager
def cluster(target: Target) -> Iterator[int]:
    """The cluster, running; gives the exit status of starting it."""
    running = subprocess.run(target.word("status"), capture_output=True, check=False)
    if running.returncode == 0:
        yield 0
        return
    try:
        yield stage(target.label, "cluster up", target.word("up", "--mode", target.mode))
    finally:
        stage(target.label, "cluster down", target.word("down"))


def run(target: Target, command: list[str], *, images: bool) -> int:
    """Run the command in a cluster, after the images when asked; the first failure's status."""
    stages = {" ".join([Path(command[0]).name, *command[1:2]]): target.word("exec", "--", *command)}
    if images:
        stages = {"images": target.word("images"), **stages}
    with cluster(target) as started:
        if started != 0:
            return started
        statuses = (stage(target.label, *it) for it in stages.items())
        return next((status for status in statuses if status != 0), 0)


def main(arguments: list[str]) -> int:
    """Parse the command line and run the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.on_cluster", description=__doc__)
    parser.add_argument("--name", default="default", help="name of the cluster")
    parser.add_argument("--mode", choices=["full", "fake"], default="full")
    parser.add_argument("--label", default="", help="what this is for, told with each time")
    parser.add_argument("--images", action="store_true", help="build and push the images first")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    # A terminated run tears down like an interrupted one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    target = Target(options.name, options.mode, options.label)
    return run(target, options.command, images=options.images)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
